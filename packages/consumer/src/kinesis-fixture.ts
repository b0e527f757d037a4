import type { KinesisClient } from '@aws-sdk/client-kinesis'

export type ModelShard = {
  readonly shardId: string
  readonly parents: readonly string[]
  readonly start: bigint
  readonly end: bigint
  readonly records: { readonly SequenceNumber: string; readonly Data: Uint8Array; readonly PartitionKey: string }[]
  children: readonly string[]
}

const named = (name: string, message: string) => Object.assign(new Error(message), { name })

/** A stream in memory that answers what a polling consumer asks, by the commands of the SDK. */
export class KinesisModel {
  readonly shards = new Map<string, ModelShard>()
  readonly pageRecords: number
  /** Iterators of an older epoch have expired. */
  epoch = 0
  /** So many reads are refused from now on. */
  throttled = 0
  #sequence = 1000

  constructor(shards: number, pageRecords = 3) {
    this.pageRecords = pageRecords
    const width = 2n ** 128n / BigInt(shards)
    for (let i = 0n; i < BigInt(shards); i++)
      this.#add([], i * width, i === BigInt(shards) - 1n ? 2n ** 128n - 1n : (i + 1n) * width - 1n)
  }

  get open(): ModelShard[] {
    return [...this.shards.values()].filter(({ children }) => children.length === 0)
  }

  /** Appends to an open shard, by any number. Gives the record's own number. */
  put(which: number): string {
    const open = this.open
    const SequenceNumber = String(this.#sequence++)
    open[which % open.length]!.records.push({ SequenceNumber, Data: Buffer.from(SequenceNumber), PartitionKey: 'k' })
    return SequenceNumber
  }

  split(which: number): void {
    const shard = this.open[which % this.open.length]!
    const middle = (shard.start + shard.end) / 2n
    const left = this.#add([shard.shardId], shard.start, middle)
    const right = this.#add([shard.shardId], middle + 1n, shard.end)
    shard.children = [left.shardId, right.shardId]
  }

  merge(which: number): void {
    const open = this.open.sort((a, b) => (a.start < b.start ? -1 : 1))
    if (open.length < 2) return
    const at = which % (open.length - 1)
    const [left, right] = [open[at]!, open[at + 1]!]
    const child = this.#add([left.shardId, right.shardId], left.start, right.end)
    left.children = [child.shardId]
    right.children = [child.shardId]
  }

  /** A client whose calls pass through `gate` before and after: one that never resolves is a process that was killed. */
  client(gate: () => Promise<void>): KinesisClient {
    const send = async (command: {
      readonly constructor: { readonly name: string }
      readonly input: Record<string, never>
    }) => {
      await gate()
      const answer = this.#answer(command.constructor.name, command.input)
      await gate()
      return answer
    }
    return { send } as unknown as KinesisClient
  }

  #answer(name: string, input: Record<string, unknown>): unknown {
    if (name === 'ListShardsCommand') return { Shards: [...this.shards.values()].map(listed) }
    if (name === 'GetShardIteratorCommand') return this.#iterator(input as never)
    if (name === 'GetRecordsCommand') return this.#records((input as { ShardIterator: string }).ShardIterator)
    throw new Error(`${name} is not in the model`)
  }

  #iterator(input: { ShardId: string; ShardIteratorType: string; StartingSequenceNumber?: string }) {
    const { records } = this.shards.get(input.ShardId)!
    const sequence = Number(input.StartingSequenceNumber)
    const first = {
      TRIM_HORIZON: () => 0,
      LATEST: () => records.length,
      AT_SEQUENCE_NUMBER: () => records.findIndex(({ SequenceNumber }) => Number(SequenceNumber) >= sequence),
      AFTER_SEQUENCE_NUMBER: () => records.findIndex(({ SequenceNumber }) => Number(SequenceNumber) > sequence),
    }[input.ShardIteratorType]!()
    return { ShardIterator: [input.ShardId, first < 0 ? records.length : first, this.epoch].join('|') }
  }

  #records(iterator: string) {
    const [shardId, from, epoch] = iterator.split('|') as [string, string, string]
    if (Number(epoch) !== this.epoch) throw named('ExpiredIteratorException', 'Iterator expired.')
    if (this.throttled > 0) {
      this.throttled--
      throw named('ProvisionedThroughputExceededException', 'Rate exceeded.')
    }
    const { records, children } = this.shards.get(shardId)!
    const Records = records.slice(Number(from), Number(from) + this.pageRecords)
    const next = Number(from) + Records.length
    const MillisBehindLatest = (records.length - next) * 10
    if (next === records.length && children.length > 0)
      return { Records, MillisBehindLatest, ChildShards: children.map((id) => childShard(this.shards.get(id)!)) }
    return { Records, MillisBehindLatest, NextShardIterator: [shardId, next, epoch].join('|') }
  }

  #add(parents: readonly string[], start: bigint, end: bigint): ModelShard {
    const shardId = `shardId-${String(this.shards.size).padStart(12, '0')}`
    const shard: ModelShard = { shardId, parents, start, end, records: [], children: [] }
    this.shards.set(shardId, shard)
    return shard
  }
}

const rangeOf = ({ start, end }: ModelShard) => ({ StartingHashKey: String(start), EndingHashKey: String(end) })

const childShard = (shard: ModelShard) => ({
  ShardId: shard.shardId,
  ParentShards: shard.parents,
  HashKeyRange: rangeOf(shard),
})

const listed = (shard: ModelShard) => ({
  ShardId: shard.shardId,
  HashKeyRange: rangeOf(shard),
  ...(shard.parents[0] && { ParentShardId: shard.parents[0] }),
  ...(shard.parents[1] && { AdjacentParentShardId: shard.parents[1] }),
  SequenceNumberRange: { StartingSequenceNumber: '0', ...(shard.children.length > 0 && { EndingSequenceNumber: '9' }) },
})
