import type { Catalog, Json } from '../../../storage/catalog.ts'

/** How far a mapping is in a shard. A sequence number in it is the last that is done. */
export type ShardCheckpoint = {
  readonly streamId: string
  /** Everything up to it is done: reading begins behind it. */
  readonly after: string
  /** With a ParallelizationFactor above 1: how far each lane is, which may be further. */
  readonly lanes?: readonly string[]
  /** The same from before the ParallelizationFactor was changed, as long as something of it lies ahead of `after`. */
  readonly earlierLanes?: readonly (readonly string[])[]
  /** The tumbling window that is open: its beginning, and the function's state of it, JSON. */
  readonly window?: { readonly startMs: number; readonly state: string }
  /** A closed shard whose end was reached: its children may be read. */
  readonly isDone?: boolean
}

const prefix = 'lambda/checkpoint/'

/** The checkpoints in the catalog, by mapping and shard. */
export class CheckpointStore {
  readonly #catalog: Catalog

  constructor(catalog: Catalog) {
    this.#catalog = catalog
  }

  /** Undefined also for a checkpoint of another stream that had this name. */
  find(uuid: string, shardId: string, streamId: string): ShardCheckpoint | undefined {
    const held = this.#catalog.get(keyOf(uuid, shardId))
    const checkpoint = held && (held.value as unknown as ShardCheckpoint)
    return checkpoint?.streamId === streamId ? checkpoint : undefined
  }

  /** Resolves once it is durable. */
  async save(uuid: string, shardId: string, checkpoint: ShardCheckpoint): Promise<void> {
    const key = keyOf(uuid, shardId)
    const value = JSON.parse(JSON.stringify(checkpoint)) as Json
    for (;;) {
      const version = this.#catalog.get(key)?.version ?? 0
      if ((await this.#catalog.put(key, value, version)) !== undefined) return
    }
  }

  /** Forgets the checkpoints of a mapping; with `isKept`, only those of shards that it does not want. */
  async removeAll(uuid: string, isKept: (shardId: string) => boolean = () => false): Promise<void> {
    const start = keyOf(uuid, '')
    const gone = this.#catalog.list(start).filter(({ key }) => !isKept(key.slice(start.length)))
    await Promise.all(gone.map(({ key, version }) => this.#catalog.delete(key, version)))
  }
}

const keyOf = (uuid: string, shardId: string) => `${prefix}${uuid}/${shardId}`

/** Do two sequence numbers of a shard follow each other? They are decimal numbers of one length, or of several. */
export const isUpTo = (sequenceNumber: string, other: string): boolean =>
  sequenceNumber.length === other.length ? sequenceNumber <= other : sequenceNumber.length < other.length
