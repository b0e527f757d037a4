import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { test } from 'node:test'
import { AggregateBuilder, type KinesisRecord, type SealScope, sealRecord, type UserRecord } from '@millrace/formats'
import { type KeyProvider, LocalKeys, ManualClock } from '@millrace/ports'
import { Consumer } from './consumer.ts'
import { KinesisModel } from './kinesis-fixture.ts'
import { MemoryLeaseTable } from './memory-lease-table-fixture.ts'
import type { ConsumerOptions, ProcessorFailure } from './options.ts'
import { type RecordDecryption, RecordDecryptionError, RecordOpener } from './record-decryption.ts'

const streamName = 'orders'
const keys = new LocalKeys({ current: 'a', keys: { a: Buffer.alloc(32, 1) } })
const { plaintext, wrapped } = await keys.generate({ streamName })
const sealKey = { key: createSecretKey(plaintext), wrappedKey: wrapped }

let sealedCount = 0
function sealed(text: string | Uint8Array, partitionKey = 'k', scope: SealScope = 'user-record'): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeUInt32BE(++sealedCount)
  return sealRecord(Buffer.from(text), sealKey, nonce, scope, { streamName, partitionKey })
}

const recordOf = (Data: Uint8Array, SequenceNumber = '1', PartitionKey = 'k'): KinesisRecord => ({
  Data,
  PartitionKey,
  SequenceNumber,
})

function aggregateOf(records: readonly (readonly [key: string, data: Uint8Array])[]): Uint8Array {
  const builder = new AggregateBuilder()
  for (const [key, data] of records) builder.add(key, undefined, data, 1e6)
  return builder.finish()
}

function opener(decryption: Partial<RecordDecryption> = {}, clock = new ManualClock()) {
  const one = new RecordOpener({ keys, ...decryption }, streamName, clock)
  return async (...records: KinesisRecord[]) => {
    const opened = await one.open(records, undefined)
    const told = opened.records.map((record) => opened.faults.get(record)?.reason ?? text(record))
    return { ...opened, told }
  }
}

const text = ({ data }: UserRecord) => Buffer.from(data).toString()

test('records alone, in aggregates, and aggregates sealed as a whole are opened, in order', async () => {
  const inside = aggregateOf([
    ['k', sealed('two')],
    ['l', sealed('three', 'l')],
  ])
  const whole = sealed(
    aggregateOf([
      ['k', Buffer.from('four')],
      ['l', Buffer.from('five')],
    ]),
    'a',
    'kinesis-record',
  )
  const { told, records } = await opener()(recordOf(sealed('one')), recordOf(inside, '2'), recordOf(whole, '3', 'a'))
  assert.deepEqual(told, ['one', 'two', 'three', 'four', 'five'])
  assert.deepEqual(
    records.map(({ sequenceNumber, subSequenceNumber }) => `${sequenceNumber}/${subSequenceNumber}`),
    ['1/0', '2/0', '2/1', '3/0', '3/1'],
  )
})

test('a sealed record whose data is an aggregate of somebody else comes out as it was put', async () => {
  const theirs = aggregateOf([
    ['k', Buffer.from('x')],
    ['k', Buffer.from('y')],
  ])
  const { records } = await opener()(recordOf(sealed(theirs)))
  assert.equal(records.length, 1)
  assert.deepEqual(Buffer.from(records[0]!.data), Buffer.from(theirs))
})

test('each kind of fault is with its record, and leaves its neighbours alone', async () => {
  const changed = sealed('changed')
  changed[changed.length - 20]! ^= 1
  const moved = sealed('moved', 'another key')
  const cut = sealed('cut').subarray(0, 20)
  const foreign = sealed('foreign')
  foreign[20]! ^= 1 // in the wrapped key
  const given = [sealed('good'), changed, moved, cut, foreign, Buffer.from('plain'), sealed('good, too')]
  const { told, faults } = await opener()(...given.map((data, i) => recordOf(data, `${i}`)))
  assert.deepEqual(told, ['good', 'changed', 'changed', 'malformed', 'key', 'plaintext', 'good, too'])
  const errors = [...faults.values()]
  assert.ok(errors.every((error) => error instanceof RecordDecryptionError))
  assert.deepEqual(
    errors.map(({ sequenceNumber }) => sequenceNumber),
    ['1', '2', '3', '4', '5'],
  )
  assert.match(errors[0]!.message, /the record 1\/0 was changed since it was encrypted/)
  assert.match(errors[3]!.message, /could not be unwrapped: the data key was changed/)
})

test('a change of any byte of a record is refused', async () => {
  const good = sealed('secret')
  const all = Array.from(good, (_, at) => {
    const changed = Buffer.from(good)
    changed[at]! ^= 1
    return recordOf(changed)
  })
  const { told } = await opener()(...all)
  assert.ok(
    told.every((one) => ['changed', 'malformed', 'key', 'plaintext'].includes(one)),
    told.join(),
  )
})

test('plain records among encrypted ones pass where that is asked for, but what says that it is encrypted must be', async () => {
  const open = opener({ plaintext: 'pass' })
  const broken = sealed('x')
  broken[broken.length - 1]! ^= 1
  const mixed = aggregateOf([
    ['k', Buffer.from('plain inside')],
    ['k', sealed('sealed inside')],
  ])
  const { told } = await open(
    recordOf(Buffer.from('plain')),
    recordOf(sealed('sealed')),
    recordOf(mixed),
    recordOf(broken),
  )
  assert.deepEqual(told, ['plain', 'sealed', 'plain inside', 'sealed inside', 'changed'])
})

test('a data key is unwrapped once for all of its records, is forgotten in time, and asked for once where it is refused', async () => {
  let unwrapped = 0
  let isDown = false
  const counted: KeyProvider = {
    generate: keys.generate.bind(keys),
    async unwrap(...of) {
      unwrapped++
      if (isDown) throw new Error('KMS is down')
      return keys.unwrap(...of)
    },
  }
  const clock = new ManualClock()
  const open = opener({ keys: counted, dataKeyAgeMaxMs: 1000 }, clock)
  const page = Array.from({ length: 100 }, () => recordOf(sealed('x')))
  await open(...page)
  await open(...page)
  assert.equal(unwrapped, 1)
  await clock.advance(1000)
  await open(...page)
  assert.equal(unwrapped, 2)
  isDown = true
  const closed = opener({ keys: counted })
  const { told } = await closed(...page)
  assert.ok(told.every((one) => one === 'key'))
  assert.equal(unwrapped, 3)
})

/** One worker on one shard of a stream with these records, until it has nothing left to do. */
async function processed(data: readonly Uint8Array[], options: Partial<ConsumerOptions>, ms = 10_000) {
  const clock = new ManualClock()
  const kinesis = new KinesisModel(1)
  for (const [i, Data] of data.entries())
    kinesis.open[0]!.records.push({ SequenceNumber: `${1000 + i}`, Data, PartitionKey: 'k' })
  const seen: string[] = []
  const consumer = new Consumer(
    { kinesis: kinesis.client(async () => {}), dynamodb: undefined as never, leaseTable: new MemoryLeaseTable() },
    {
      applicationName: 'app',
      streamName,
      workerId: 'me',
      clock,
      initialPosition: 'TRIM_HORIZON',
      encryption: { keys },
      ...options,
    },
    () => ({
      async processRecords({ records, checkpointer }) {
        seen.push(...records.map(text))
        await checkpointer.checkpoint()
      },
    }),
  )
  await consumer.start()
  await clock.advance(ms)
  return { seen, consumer, clock }
}

const broken = sealed('broken')
broken[broken.length - 1]! ^= 1

test("records that cannot be decrypted go to the processor's failure policy, and skipping them skips no others", async () => {
  const failures: ProcessorFailure[] = []
  const { seen, consumer } = await processed([sealed('a'), broken, sealed('b'), Buffer.from('plain'), sealed('c')], {
    onProcessorError: (failure) => {
      failures.push(failure)
      return failure.attempt < 2 ? 'retry' : 'skip'
    },
  })
  await consumer.stop()
  assert.deepEqual(seen, ['a', 'b', 'c'])
  assert.ok(failures.every(({ error }) => error instanceof RecordDecryptionError))
  assert.ok(
    failures.some(({ records }) => Buffer.from(records[0]!.data).equals(broken)),
    'it comes as it is',
  )
})

test("a worker stops at a record that cannot be decrypted when the application says 'stop', and processes nothing behind it", async () => {
  const { seen, consumer } = await processed([broken, sealed('a')], { onProcessorError: 'stop' })
  await assert.rejects(consumer.finished(), { name: 'RecordDecryptionError', reason: 'changed' })
  assert.deepEqual(seen, [])
})

test('while the provider of keys is down the shard waits, and goes on when it is back', async () => {
  let isDown = true
  const provider: KeyProvider = {
    generate: keys.generate.bind(keys),
    unwrap: (...of) => (isDown ? Promise.reject(new Error('down')) : keys.unwrap(...of)),
  }
  const { seen, consumer, clock } = await processed([sealed('a'), sealed('b')], { encryption: { keys: provider } })
  assert.deepEqual(seen, [])
  isDown = false
  await clock.advance(60_000)
  assert.deepEqual(seen, ['a', 'b'])
  await consumer.stop()
})
