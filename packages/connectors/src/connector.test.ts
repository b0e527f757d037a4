import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RecordProcessor, UserRecord } from '@millrace/consumer'
import { ManualClock } from '@millrace/ports'
import fc from 'fast-check'
import { Connector } from './connector.ts'
import type { ConnectorOptions } from './connector-options.ts'
import { KeptBatches, KeptCheckpoints, recordOf, recordsOf } from './fixture.ts'
import type { Failure } from './pipeline.ts'
import { textTransformer } from './transformers.ts'

/** One shard's pipeline, with all that it touches. */
function pipeline(options: Partial<ConnectorOptions<string, string>> = {}) {
  const clock = new ManualClock()
  const emitter = new KeptBatches()
  const checkpointer = new KeptCheckpoints()
  const failures: Failure<string>[] = []
  const connector = new Connector<string, string>({
    transformer: textTransformer,
    emitter,
    fail: (all) => void failures.push(...all),
    clock,
    backoffMs: 100,
    ...options,
  })
  const processor = connector.processorFactory({ shardId: 'shardId-0' }) as Required<
    Pick<RecordProcessor, 'processRecords' | 'shardEnded' | 'shutdownRequested' | 'leaseLost'>
  >
  const shardId = 'shardId-0'
  const process = async (records: readonly UserRecord[]) => {
    if (records.length > 0) await processor.processRecords({ shardId, records, checkpointer, millisBehindLatest: 0 })
  }
  return { clock, emitter, checkpointer, failures, processor, process, shardId }
}

const placeOf = (n: number) => recordOf(n).sequenceNumber

test('a batch is emitted when it has its records, and the checkpoint is its last record', async () => {
  const { emitter, checkpointer, process } = pipeline({ bufferRecordsMax: 3 })
  await process(recordsOf(0, 7))
  assert.deepEqual(emitter.batches, [
    ['0', '1', '2'],
    ['3', '4', '5'],
  ])
  assert.deepEqual(checkpointer.places, [placeOf(2), placeOf(5)])
})

test('a batch is emitted when it has its bytes', async () => {
  const { emitter, process } = pipeline({ bufferBytesMax: 10 })
  await process([recordOf(0, 'aaaa'), recordOf(1, 'bbbb'), recordOf(2, 'cccc'), recordOf(3, 'dddd')])
  assert.deepEqual(emitter.batches, [['aaaa', 'bbbb', 'cccc']])
})

test('a batch is emitted when its first record has waited long enough, though nothing more comes', async () => {
  const { clock, emitter, checkpointer, process } = pipeline({ bufferMs: 1000 })
  await process(recordsOf(0, 1))
  await clock.advance(900)
  await process(recordsOf(1, 1))
  assert.deepEqual(emitter.batches, [])
  await clock.advance(100)
  assert.deepEqual(emitter.batches, [['0', '1']])
  assert.deepEqual(checkpointer.places, [placeOf(1)])
  await clock.advance(10_000)
  assert.equal(emitter.batches.length, 1)
})

test('records that a filter leaves out are not emitted, and are checkpointed', async () => {
  const { clock, emitter, checkpointer, process } = pipeline({ filter: (text) => Number(text) < 2, bufferMs: 1000 })
  await process(recordsOf(0, 4))
  await clock.advance(1000)
  await process(recordsOf(4, 2))
  await clock.advance(1000)
  assert.deepEqual(emitter.batches, [['0', '1']])
  assert.deepEqual(checkpointer.places, [placeOf(3), placeOf(5)])
})

test('one record may become several values, or none', async () => {
  const { emitter, process } = pipeline({
    transformer: {
      toModels: ({ data }) => Buffer.from(data).toString().split(',').filter(Boolean),
      fromModel: (word) => word,
    },
    bufferRecordsMax: 3,
  })
  await process([recordOf(0, ''), recordOf(1, 'a,b'), recordOf(2, 'c')])
  assert.deepEqual(emitter.batches, [['a', 'b', 'c']])
})

test('a record that makes no sense fails, and the others go on', async () => {
  const { emitter, failures, checkpointer, process } = pipeline({ bufferRecordsMax: 3 })
  await process([recordOf(0), recordOf(1, Buffer.of(0xff, 0xfe)), recordOf(2)])
  assert.deepEqual(emitter.batches, [['0', '2']])
  assert.deepEqual(
    failures.map(({ record, stage }) => [record.sequenceNumber, stage]),
    [[placeOf(1), 'transform']],
  )
  assert.deepEqual(checkpointer.places, [placeOf(2)])
})

const refuse = (values: readonly string[], batch: Parameters<KeptBatches['emit']>[0], mayRetry: boolean) =>
  batch.entries
    .filter(({ value }) => values.includes(value))
    .map((entry) => ({ entry, error: new Error(`no ${entry.value}`), mayRetry }))

test('entries that are refused are sent again, alone, as often as they may, and then fail', async () => {
  const { clock, emitter, failures, checkpointer, process } = pipeline({ bufferRecordsMax: 4, retriesMax: 2 })
  const sent: (readonly string[])[] = []
  emitter.answers = (values, batch) => {
    sent.push(values)
    return refuse(sent.length === 1 ? ['1', '2'] : ['2'], batch, true)
  }
  const done = process(recordsOf(0, 4))
  await clock.advance(99)
  assert.equal(sent.length, 1)
  await clock.advance(1)
  await clock.advance(200)
  await done
  assert.deepEqual(sent, [['0', '1', '2', '3'], ['1', '2'], ['2']])
  assert.deepEqual(
    failures.map(({ value, error, stage }) => [value, error.message, stage]),
    [['2', 'no 2', 'emit']],
  )
  assert.deepEqual(checkpointer.places, [placeOf(3)])
})

test('an entry that no other try would help fails at once', async () => {
  const { emitter, failures, process } = pipeline({ bufferRecordsMax: 2 })
  emitter.answers = (_, batch) => refuse(['0'], batch, false)
  await process(recordsOf(0, 2))
  assert.deepEqual(emitter.batches, [['1']])
  assert.equal(failures.length, 1)
})

test('while the destination is away all is kept and nothing is checkpointed, however long it takes', async () => {
  const { clock, emitter, failures, checkpointer, process } = pipeline({ bufferRecordsMax: 2 })
  let isAway = true
  emitter.answers = () => {
    if (isAway) throw new Error('nobody is there')
    return []
  }
  const done = process(recordsOf(0, 2))
  await clock.advance(3_600_000)
  assert.deepEqual([emitter.batches, checkpointer.places, failures], [[], [], []])
  isAway = false
  await clock.advance(30_000)
  await done
  assert.deepEqual(emitter.batches, [['0', '1']])
  assert.deepEqual(checkpointer.places, [placeOf(1)])
})

test('with an end to waiting, the whole batch fails after it', async () => {
  const { clock, emitter, failures, checkpointer, process } = pipeline({ bufferRecordsMax: 2, outageMs: 60_000 })
  emitter.answers = () => {
    throw new Error('nobody is there')
  }
  const done = process(recordsOf(0, 2))
  await clock.advance(100_000)
  await done
  assert.equal(failures.length, 2)
  assert.deepEqual(checkpointer.places, [placeOf(1)])
})

test('when fail itself fails there is no checkpoint; when the records come again, nothing is emitted twice', async () => {
  const failed: string[] = []
  let isBroken = true
  const { emitter, checkpointer, process } = pipeline({
    bufferRecordsMax: 3,
    fail(failures) {
      if (isBroken) throw new Error('the disk is full')
      failed.push(...failures.map(({ value }) => value!))
    },
  })
  emitter.answers = (_, batch) => refuse(['1'], batch, false)
  await assert.rejects(process(recordsOf(0, 3)), /the disk is full/)
  await assert.rejects(process(recordsOf(0, 3)), /the disk is full/)
  assert.deepEqual(checkpointer.places, [])
  isBroken = false
  await process(recordsOf(0, 3))
  assert.deepEqual(emitter.batches, [['0', '2']])
  assert.deepEqual(failed, ['1'])
  assert.deepEqual(checkpointer.places, [placeOf(2)])
})

test('what is in the buffer when a shard ends, or the worker stops, is emitted and checkpointed', async () => {
  const ended = pipeline()
  await ended.process(recordsOf(0, 2))
  await ended.processor.shardEnded(ended)
  assert.deepEqual(ended.emitter.batches, [['0', '1']])
  assert.deepEqual(ended.checkpointer.places, [placeOf(1), undefined])
  const stopped = pipeline()
  await stopped.process(recordsOf(0, 2))
  await stopped.processor.shutdownRequested(stopped)
  assert.deepEqual(stopped.emitter.batches, [['0', '1']])
  assert.deepEqual(stopped.checkpointer.places, [placeOf(1)])
})

test('a shard that somebody else has is left alone: no batch, no checkpoint, no timer', async () => {
  const { clock, emitter, checkpointer, processor, process } = pipeline({ bufferMs: 1000 })
  await process(recordsOf(0, 2))
  await processor.leaseLost({ shardId: 'shardId-0' })
  await clock.advance(100_000)
  assert.deepEqual([emitter.batches, checkpointer.places], [[], []])

  const other = pipeline({ bufferMs: 1000 })
  other.checkpointer.isLost = true
  await other.process(recordsOf(0, 2))
  await other.clock.advance(1000)
  await other.clock.advance(100_000)
  assert.deepEqual(other.emitter.batches, [['0', '1']])
})

test('options that make no sense are refused by name', () => {
  for (const [name, value] of [
    ['bufferRecordsMax', 0],
    ['bufferMs', Number.NaN],
    ['retriesMax', -1],
  ] as const)
    assert.throws(() => pipeline({ [name]: value }), new RegExp(name))
})

test('however batches fall and the destination behaves, each record is delivered or fails, in order, before its checkpoint', async () => {
  const behaviour = fc.constantFrom('takes', 'refuses some', 'refuses for good', 'is away')
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 12 }),
      fc.array(behaviour, { maxLength: 30 }),
      fc.integer({ min: 1, max: 6 }),
      async (pages, behaviours, bufferRecordsMax) => {
        const { clock, emitter, checkpointer, failures, processor, process, shardId } = pipeline({
          bufferRecordsMax,
          retriesMax: 2,
          bufferMs: 500,
        })
        let calls = 0
        emitter.answers = (values, batch) => {
          switch (behaviours[calls++]) {
            case 'is away':
              throw new Error('away')
            case 'refuses some':
              return refuse(values.slice(0, 2), batch, true)
            case 'refuses for good':
              return refuse(values.slice(-1), batch, false)
            default:
              return []
          }
        }
        const settled = () => new Set([...emitter.delivered, ...failures.map(({ value }) => value!)])
        const checkpoint = checkpointer.checkpoint.bind(checkpointer)
        checkpointer.checkpoint = async (place) => {
          if (typeof place === 'object') {
            const last = Number(place.sequenceNumber.slice(-6)) - 588_000
            for (let n = 0; n <= last; n++) assert.ok(settled().has(`${n}`), `${n} is settled before ${last}`)
          }
          await checkpoint(place)
        }
        let from = 0
        for (const count of pages) {
          const done = process(recordsOf(from, count))
          from += count
          await clock.advance(200_000)
          await done
        }
        await Promise.all([processor.shardEnded({ shardId, checkpointer }), clock.advance(200_000)])
        assert.equal(settled().size, from)
        assert.equal(emitter.delivered.length + failures.length, from, 'and none twice')
      },
    ),
    { numRuns: 150 },
  )
})
