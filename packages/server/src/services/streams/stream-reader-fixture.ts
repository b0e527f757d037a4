import assert from 'node:assert/strict'

type Known = {
  readonly parents: readonly string[]
  isDone: boolean
  iterator?: string | undefined
  lastSequenceNumber?: string
}

/** What the operations answer is checked by the tests that use this, not by types. */
// biome-ignore lint/suspicious/noExplicitAny: see above
type Call = (operation: string, body: object) => Promise<any>

/**
 * For unit tests: reads a stream as a consumer library would, through the operations alone. It begins at the trim
 * horizon, reads a shard only when its parents are done, follows ChildShards, and renews iterators that expired.
 */
export class StreamReader {
  readonly seen: { readonly id: string; readonly key: string }[] = []
  readonly #call: Call
  readonly #known = new Map<string, Known>()

  constructor(call: Call) {
    this.#call = call
  }

  async start(): Promise<void> {
    const { Shards } = await this.#call('ListShards', { StreamName: 's', ShardFilter: { Type: 'AT_TRIM_HORIZON' } })
    for (const { ShardId } of Shards) this.#known.set(ShardId, { parents: [], isDone: false })
  }

  /** One page of each shard whose turn it is; whether there was any progress. */
  async readSome(limit: number): Promise<boolean> {
    let isProgress = false
    for (const [shardId, known] of [...this.#known]) {
      if (known.isDone || !(await this.#areDone(known.parents))) continue
      if (await this.#readPage(shardId, known, limit)) isProgress = true
    }
    return isProgress
  }

  /** Reads until nothing is left, in pages so small that shards are read side by side. */
  async drain(): Promise<void> {
    while (await this.readSome(2));
  }

  async #readPage(shardId: string, known: Known, limit: number): Promise<boolean> {
    try {
      known.iterator ??= await this.#iterator(shardId, known)
      const { Records, NextShardIterator, ChildShards } = await this.#call('GetRecords', {
        ShardIterator: known.iterator,
        Limit: limit,
      })
      for (const { Data, PartitionKey, SequenceNumber } of Records) {
        this.seen.push({ id: Buffer.from(Data).toString(), key: PartitionKey })
        known.lastSequenceNumber = SequenceNumber
      }
      known.iterator = NextShardIterator
      if (NextShardIterator) return Records.length > 0
      assert(ChildShards.length > 0, 'a closed shard that was read to its end names its children')
      this.#finish(
        known,
        ChildShards.map(({ ShardId, ParentShards }: { ShardId: string; ParentShards: string[] }) => [
          ShardId,
          ParentShards,
        ]),
      )
      return true
    } catch (error) {
      const { code } = error as { code?: string }
      if (code === 'ExpiredIteratorException') {
        known.iterator = undefined
        return true
      }
      if (code !== 'ResourceNotFoundException') throw error
      // The shard has expired: its children are named by the list only.
      const children = (await this.#listed()).filter(({ parents }) => parents.includes(shardId))
      this.#finish(
        known,
        children.map(({ id, parents }) => [id, parents]),
      )
      return true
    }
  }

  #finish(known: Known, children: readonly [string, string[]][]): void {
    known.isDone = true
    for (const [id, parents] of children) if (!this.#known.has(id)) this.#known.set(id, { parents, isDone: false })
  }

  async #iterator(shardId: string, { lastSequenceNumber }: Known): Promise<string> {
    const position =
      lastSequenceNumber === undefined
        ? { ShardIteratorType: 'TRIM_HORIZON' }
        : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', StartingSequenceNumber: lastSequenceNumber }
    return (await this.#call('GetShardIterator', { StreamName: 's', ShardId: shardId, ...position })).ShardIterator
  }

  /** A parent is done when it was read to its end, or when it is not listed any more. */
  async #areDone(parents: readonly string[]): Promise<boolean> {
    const open = parents.filter((id) => !this.#known.get(id)?.isDone)
    if (open.length === 0) return true
    const listed = new Set((await this.#listed()).map(({ id }) => id))
    return open.every((id) => !this.#known.has(id) && !listed.has(id))
  }

  async #listed(): Promise<{ id: string; parents: string[] }[]> {
    const { Shards } = await this.#call('ListShards', { StreamName: 's' })
    return Shards.map((listed: { ShardId: string; ParentShardId?: string; AdjacentParentShardId?: string }) => ({
      id: listed.ShardId,
      parents: [listed.ParentShardId, listed.AdjacentParentShardId].filter((id) => id !== undefined),
    }))
  }
}
