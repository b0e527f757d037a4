import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashKeyMax } from '@millrace/formats'
import { AwsError } from '../../core/aws-error.ts'
import { withObjects } from '../../core/rows-fixture.ts'
import { RunOutcomes } from '../../storage/log.ts'
import { PutResults } from './put-results.ts'
import { sequenceNumberOf } from './sequence-number.ts'
import { ShardGrouping } from './shard-groups.ts'
import { ShardMap } from './shard-map.ts'
import { type Shard, shardIdOf } from './stream.ts'

const nowMs = 1_700_000_000_000

const shards = Array.from(
  { length: 30 },
  (_, index): Shard => ({
    index: index + 997,
    createdAtMs: nowMs - 1000 * index,
    startingHashKey: BigInt(index),
    endingHashKey: index === 29 ? hashKeyMax : BigInt(index),
  }),
)

test('results tell of each record, in the order of the request, what the append that took it gave', () => {
  const shardMap = new ShardMap(shards)
  const placeOf = (record: number) => (record % 7 === 0 ? record % 30 : 11)
  const results = new PutResults(500)
  const expected: object[] = []
  const refused = new AwsError('InternalFailure', 'no')
  for (const [from, to] of [
    [0, 300],
    [300, 499],
  ] as const) {
    const grouping = new ShardGrouping(30, 500)
    for (let i = from; i < to; i++) grouping.add(placeOf(i), i)
    const groups = grouping.groups()
    const outcomes = new RunOutcomes(groups.places.length)
    for (const [run, place] of groups.places.entries()) {
      outcomes.firstOffsets[run] = from + Math.max(0, 10 ** (place % 15) - 5)
      outcomes.timestampsMs[run] = nowMs + place
      const records = groups.indexes.subarray(groups.ends[run - 1] ?? 0, groups.ends[run])
      for (const [i, record] of records.entries()) {
        const shard = shards[place]!
        const SequenceNumber = sequenceNumberOf(shard, outcomes.firstOffsets[run]! + i, nowMs + place)
        expected[record] = { SequenceNumber, ShardId: shardIdOf(shard.index) }
      }
    }
    results.take(groups, shardMap, outcomes)
  }
  results.fail(499, refused)
  expected[499] = { ErrorCode: 'InternalFailure', ErrorMessage: 'no' }
  for (const time of ['first', 'second'])
    assert.deepEqual((withObjects({ results }) as { results: object[] }).results, expected, `the ${time} time`)
})
