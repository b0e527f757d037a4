import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KinesisClient } from '@aws-sdk/client-kinesis'
import { ManualClock } from '@millrace/ports'
import { latest, trimHorizon } from './checkpoint.ts'
import { FanOutReader } from './fan-out-reader.ts'
import { settingsOf } from './options.ts'
import { PageQueue, PrefetchBudget } from './page-queue.ts'

type Event = { readonly SubscribeToShardEvent: Record<string, unknown> }
type Answer = Error | readonly (Event | Error | 'silence')[]

const event = (first: number, count: number, more: Record<string, unknown> = {}): Event => ({
  SubscribeToShardEvent: {
    Records: Array.from({ length: count }, (_, i) => ({ SequenceNumber: String(first + i), Data: Buffer.from('x') })),
    ContinuationSequenceNumber: String(first + count - 1),
    MillisBehindLatest: 0,
    ...more,
  },
})
const named = (name: string) => Object.assign(new Error(name), { name })

/** Reads a shard whose subscriptions answer as told, one after the other. */
async function read(answers: Answer[], from = trimHorizon) {
  const clock = new ManualClock()
  let alarms = 0
  const after = clock.after.bind(clock)
  clock.after = (ms, callback) =>
    after(ms, () => {
      alarms++
      callback()
    })
  const positions: Record<string, unknown>[] = []
  async function* events(answer: Exclude<Answer, Error>) {
    for (const next of answer) {
      if (next === 'silence') await new Promise(() => {})
      if (next instanceof Error) throw next
      yield next as Event
    }
  }
  const send = async ({ input }: { input: { StartingPosition: Record<string, unknown> } }) => {
    positions.push(input.StartingPosition)
    const answer = answers.shift()
    if (!answer) return new Promise(() => {})
    if (answer instanceof Error) throw answer
    return { EventStream: events(answer) }
  }
  const settings = settingsOf({ applicationName: 'app', streamName: 's', consumerArn: 'arn', clock })
  const reader = new FanOutReader({ send } as unknown as KinesisClient, { StreamName: 's' }, settings)
  const queue = new PageQueue({ bytesMax: 1e6, recordsMax: 1e6 }, new PrefetchBudget(1e9))
  const stop = new AbortController()
  const numbers: string[] = []
  let children: string[] | undefined
  const taking = (async () => {
    for (;;) {
      const next = await queue.take()
      if (!next) return
      if ('children' in next) {
        children = next.children.map(({ shardId }) => shardId)
        return
      }
      numbers.push(...next.records.map(({ SequenceNumber }) => SequenceNumber!))
    }
  })()
  const reading = reader.read('shard', from, queue, stop.signal)
  await clock.advance(120_000)
  stop.abort()
  queue.close()
  await Promise.all([taking, Promise.race([reading, clock.advance(60_000)])])
  return { positions, numbers, children, alarms, startMs: Date.UTC(2026, 0, 1) }
}

test('a subscription that ends is renewed behind its last event, without loss or repetition', async () => {
  const { positions, numbers } = await read([[event(1, 3), event(4, 2)], [event(6, 1)]])
  assert.deepEqual(numbers, ['1', '2', '3', '4', '5', '6'])
  assert.deepEqual(positions, [
    { Type: 'TRIM_HORIZON' },
    { Type: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: '5' },
    { Type: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: '6' },
  ])
})

test('a connection that breaks, and a shard that is still subscribed, are tried again', async () => {
  const { numbers } = await read([
    named('ResourceInUseException'),
    [event(1, 2), named('InternalFailureException')],
    named('LimitExceededException'),
    [event(3, 1)],
  ])
  assert.deepEqual(numbers, ['1', '2', '3'])
})

test('a subscription that falls silent is made anew', async () => {
  const { numbers, alarms } = await read([[event(1, 1), 'silence'], [event(2, 1)]])
  assert.deepEqual(numbers, ['1', '2'])
  assert.equal(alarms, 1)
})

test('a subscription that broke is not waited for any more: no timer keeps the process', async () => {
  const { alarms } = await read([[event(1, 1), named('InternalFailureException')], [event(2, 1)]])
  assert.equal(alarms, 0)
})

test('the last event of a shard names its children, and nothing is asked for after it', async () => {
  const ChildShards = [
    { ShardId: 'left', ParentShards: ['shard'] },
    { ShardId: 'right', ParentShards: ['shard'] },
  ]
  const last = event(1, 1, { ContinuationSequenceNumber: undefined, ChildShards })
  const { positions, numbers, children } = await read([[last]])
  assert.deepEqual([positions.length, numbers, children], [1, ['1'], ['left', 'right']])
})

test('who began at LATEST goes on from when he did, and from LATEST where that is a time to come', async () => {
  const { positions, startMs } = await read([[], named('InvalidArgumentException'), []], latest)
  assert.deepEqual(positions.slice(0, 3), [
    { Type: 'LATEST' },
    { Type: 'AT_TIMESTAMP', Timestamp: new Date(startMs) },
    { Type: 'LATEST' },
  ])
})
