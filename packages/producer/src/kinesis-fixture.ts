import assert from 'node:assert/strict'
import { ListShardsCommand, PutRecordsCommand, type PutRecordsRequestEntry } from '@aws-sdk/client-kinesis'
import { deaggregateRecords, type HashKeyRange, hashKeyMax, hashKeyOf, type UserRecord } from '@millrace/formats'
import { ManualClock } from '@millrace/ports'
import { Producer } from './producer.ts'
import type { ProducerSettings } from './producer-options.ts'

export type FakeShard = { readonly shardId: string; readonly range: HashKeyRange; isOpen: boolean }
export type StoredRecord = {
  readonly shard: FakeShard
  readonly SequenceNumber: string
  readonly Data: Uint8Array
  readonly PartitionKey: string
  readonly ExplicitHashKey: string | undefined
}
export type PutCall = { readonly atMs: number; readonly entries: readonly PutRecordsRequestEntry[] }
type Results = { Records: unknown }

/** A stream in memory that answers as Kinesis does, or as a test wants it to. */
class FakeKinesis {
  readonly shards: FakeShard[] = []
  readonly stored: StoredRecord[] = []
  readonly calls: PutCall[] = []
  lists = 0
  latencyMs = 0
  /** Asked for each PutRecords: throws, gives an answer of its own, or undefined to let the stream answer. */
  onPut: (call: PutCall, number: number) => Results | undefined | Promise<Results | undefined> = () => undefined
  /** Asked for each record: a code refuses it. */
  onRecord: (entry: PutRecordsRequestEntry, call: number) => string | undefined = () => undefined
  onList: () => void = () => {}
  readonly #clock: ManualClock
  #sequence = 0

  constructor(clock: ManualClock, shardCount: number) {
    this.#clock = clock
    const width = (hashKeyMax + 1n) / BigInt(shardCount)
    for (let i = 0n; i < BigInt(shardCount); i++)
      this.#open({ start: i * width, end: i + 1n === BigInt(shardCount) ? hashKeyMax : (i + 1n) * width - 1n })
  }

  async send(command: object): Promise<never> {
    if (command instanceof ListShardsCommand) {
      this.lists++
      this.onList()
      const Shards = this.shards
        .filter(({ isOpen }) => isOpen || !command.input.ShardFilter)
        .map(({ shardId, range, isOpen }) => ({
          ShardId: shardId,
          HashKeyRange: { StartingHashKey: String(range.start), EndingHashKey: String(range.end) },
          SequenceNumberRange: { StartingSequenceNumber: '1', ...(!isOpen && { EndingSequenceNumber: '9' }) },
        }))
      return { Shards } as never
    }
    assert.ok(command instanceof PutRecordsCommand)
    const entries = command.input.Records!
    assert.ok(entries.length >= 1 && entries.length <= 500)
    const call = { atMs: this.#clock.monotonicMs(), entries }
    const number = this.calls.push(call) - 1
    if (this.latencyMs > 0) await this.#clock.sleep(this.latencyMs)
    return ((await this.onPut(call, number)) ?? this.store(entries, number)) as never
  }

  /** What the stream does with records. */
  store(entries: readonly PutRecordsRequestEntry[], call = 0): Results {
    return {
      Records: entries.map((entry) => {
        const ErrorCode = this.onRecord(entry, call)
        if (ErrorCode) return { ErrorCode, ErrorMessage: `${ErrorCode} on purpose` }
        const { Data, PartitionKey, ExplicitHashKey } = entry
        const hashKey = ExplicitHashKey ? BigInt(ExplicitHashKey) : hashKeyOf(PartitionKey!)
        const shard = this.shards.find(({ isOpen, range }) => isOpen && range.start <= hashKey && hashKey <= range.end)!
        const SequenceNumber = String(++this.#sequence)
        // The bytes are copied: what is changed after a call must not change what is stored.
        const record = { shard, SequenceNumber, Data: Data!.slice(), PartitionKey: PartitionKey!, ExplicitHashKey }
        this.stored.push(record)
        return { ShardId: shard.shardId, SequenceNumber }
      }),
    }
  }

  split(shardId: string): void {
    const shard = this.shards.find((one) => one.shardId === shardId)!
    const middle = (shard.range.start + shard.range.end) / 2n
    shard.isOpen = false
    this.#open({ start: shard.range.start, end: middle })
    this.#open({ start: middle + 1n, end: shard.range.end })
  }

  merge(firstId: string, secondId: string): void {
    const [first, second] = [firstId, secondId].map((id) => this.shards.find(({ shardId }) => shardId === id)!)
    first!.isOpen = second!.isOpen = false
    this.#open({ start: first!.range.start, end: second!.range.end })
  }

  /** What a consumer sees, shard by shard, as KCL does: an aggregate with a record of another shard is left out. */
  read(): UserRecord[] {
    return this.shards.flatMap((shard) =>
      this.#of(shard).flatMap((record) => {
        const all = deaggregateRecords([record])
        return deaggregateRecords([record], shard.range).length === all.length ? all : []
      }),
    )
  }

  texts(): string[] {
    return this.read().map(({ data }) => Buffer.from(data).toString())
  }

  #of(shard: FakeShard): StoredRecord[] {
    return this.stored.filter((record) => record.shard === shard)
  }

  #open(range: HashKeyRange): void {
    this.shards.push({ shardId: `shardId-${String(this.shards.length).padStart(12, '0')}`, range, isOpen: true })
  }
}

export function setUp(settings: ProducerSettings = {}, shardCount = 1) {
  const clock = new ManualClock()
  const kinesis = new FakeKinesis(clock, shardCount)
  const producer = new Producer(kinesis as never, { streamName: 'orders', clock, ...settings })
  return { clock, kinesis, producer }
}

/** What became of a promise, without waiting for it. */
export function watched<T>(promise: Promise<T>): { value?: T; error?: Error & { code?: string }; isSettled: boolean } {
  const state: { value?: T; error?: Error; isSettled: boolean } = { isSettled: false }
  promise.then(
    (value) => Object.assign(state, { value, isSettled: true }),
    (error: Error) => Object.assign(state, { error, isSettled: true }),
  )
  return state
}

export const fault = (name: string, message = `${name} on purpose`): Error =>
  Object.assign(new Error(message), { name })
