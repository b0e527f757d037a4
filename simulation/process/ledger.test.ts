import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultsOf, Ledger, type Put, requestOf } from './ledger.ts'
import type { FoundRecord, StreamContents } from './stream-contents.ts'
import { type Shard, topologyFaults } from './stream-contents.ts'

/* The judges themselves: each fault that they exist for is planted, and they must tell it. */

const lane = { name: 'lane', hashKey: 1n }
const parent = 'shardId-000000000000'
const child = 'shardId-000000000001'
/** As a sequence number has it: an offset above a time in seconds. */
const sequenceNumber = (offset: number, arrivalS = 1000) => String((BigInt(offset) << 80n) | (BigInt(arrivalS) << 36n))

test('a stream that holds what was acknowledged, in order, is without fault', () => {
  const { ledger, records } = threeAcknowledged()
  assert.equal(faultsOf(ledger.audit(stream(records))), '')
})

test('a record that was acknowledged and is not there is lost', () => {
  const { ledger, records } = threeAcknowledged()
  assert.equal(faultsOf(ledger.audit(stream([records[0]!, records[2]!]))), 'lost 1')
})

test('a record that is past its retention may be gone', () => {
  const { ledger, records } = threeAcknowledged()
  assert.equal(faultsOf(ledger.audit(stream(records.slice(2)), 1_002_000)), '')
  assert.equal(faultsOf(ledger.audit(stream(records.slice(2)), 1_001_000)), 'lost 1')
})

test('a record that is there twice is told', () => {
  const { ledger, records } = threeAcknowledged()
  const again = { ...records[0]!, SequenceNumber: sequenceNumber(9) }
  assert.equal(faultsOf(ledger.audit(stream([...records, again]))), 'twice 1, elsewhere 1')
})

test('records of a lane in another order are told, in one shard and across a split', () => {
  const { ledger, records } = threeAcknowledged()
  const [first, second, third] = records as [FoundRecord, FoundRecord, FoundRecord]
  assert.match(faultsOf(ledger.audit(stream([second, first, third]))), /out of order 1/)
  assert.match(faultsOf(ledger.audit(stream([second, third], [first]))), /out of order 1/)
})

test('sequence numbers that do not rise are told', () => {
  const { ledger, records } = threeAcknowledged()
  const [first, second, third] = records as [FoundRecord, FoundRecord, FoundRecord]
  const same = { ...third, SequenceNumber: second.SequenceNumber }
  assert.equal(faultsOf(ledger.audit(stream([first, second, same]))), 'out of order 1, elsewhere 1')
})

test('a record with other bytes, and one that nobody put, are strange', () => {
  const { ledger, records } = threeAcknowledged()
  const broken = { ...records[1]!, Data: Buffer.from('lane/1 something else').toString('base64') }
  assert.equal(faultsOf(ledger.audit(stream([records[0]!, broken, records[2]!]))), 'lost 1, strange 1')
  const stranger = found({ lane: { ...lane, name: 'other' }, number: 0, sizeBytes: 100 }, 9)
  assert.equal(faultsOf(ledger.audit(stream([...records, stranger]))), 'strange 1')
})

test('a record whose put had no answer may be there once or not at all', () => {
  const { ledger, records } = threeAcknowledged()
  const unknown = found(ledger.put(lane, 100), 9)
  assert.equal(ledger.audit(stream([...records, unknown])).foundUnacknowledged, 1)
  assert.equal(faultsOf(ledger.audit(stream([...records, unknown]))), '')
  assert.equal(faultsOf(ledger.audit(stream(records))), '')
})

const end = 2n ** 128n
const shard = (index: number, start: bigint, after: bigint, more: Partial<Shard> = {}): Shard => ({
  ShardId: `shardId-${String(index).padStart(12, '0')}`,
  HashKeyRange: { StartingHashKey: String(start), EndingHashKey: String(after - 1n) },
  SequenceNumberRange: { StartingSequenceNumber: String(index * 10) },
  ...more,
})
const closed = { SequenceNumberRange: { StartingSequenceNumber: '0', EndingSequenceNumber: '5' } }

test('a shard that was split in two is a legal topology', () => {
  const halves = [shard(1, 0n, end / 2n, { ParentShardId: parent }), shard(2, end / 2n, end, { ParentShardId: parent })]
  assert.deepEqual(topologyFaults([shard(0, 0n, end, closed), ...halves]), [])
})

test('hash keys that are in no open shard, or in two, are told', () => {
  assert.equal(topologyFaults([shard(0, 0n, end / 2n), shard(1, end / 2n + 1n, end)]).length, 1)
  assert.equal(topologyFaults([shard(0, 0n, end / 2n + 1n), shard(1, end / 2n, end)]).length, 1)
  assert.equal(topologyFaults([shard(0, 0n, end / 2n)]).length, 1)
})

test('a parent that is open, or ends after its child began, or has lost a child, is told', () => {
  const whole = shard(1, 0n, end, { ParentShardId: parent })
  assert.match(topologyFaults([shard(0, 0n, end), whole]).join(), /is open and has the child/)
  const late = { SequenceNumberRange: { StartingSequenceNumber: '0', EndingSequenceNumber: '50' } }
  assert.match(topologyFaults([shard(0, 0n, end, late), whole]).join(), /begins before/)
  const half = [shard(1, 0n, end / 2n, { ParentShardId: parent }), shard(2, end / 2n, end)]
  assert.match(topologyFaults([shard(0, 0n, end, closed), ...half]).join(), /another range/)
})

/** Three records of one lane, a second apart. */
function threeAcknowledged(): { ledger: Ledger; records: FoundRecord[] } {
  const ledger = new Ledger()
  const records = [0, 1, 2].map((i) => {
    const put = ledger.put(lane, 100)
    const record = found(put, i + 1, 1000 + i)
    ledger.acknowledge(put, { ShardId: parent, SequenceNumber: record.SequenceNumber })
    return record
  })
  return { ledger, records }
}

const found = (put: Put, offset: number, arrivalS?: number): FoundRecord => ({
  ...requestOf(put),
  SequenceNumber: sequenceNumber(offset, arrivalS),
})

const stream = (records: readonly FoundRecord[], ofChild: readonly FoundRecord[] = []): StreamContents => ({
  shards: [
    { ...shard(0, 0n, end), shardId: parent, records },
    { ...shard(1, 0n, end), shardId: child, records: ofChild },
  ],
})
