import type { Catalog, CatalogChange } from '../../../storage/catalog.ts'
import type { Checkpoint } from '../sources/source.ts'
import type { Saved } from './progress.ts'
import type { Receipts, SavedReceipts } from './receipts.ts'
import type { SavedSettled } from './settled.ts'

/*
 * What a delivery has done, in the catalog:
 *
 *   delivery-checkpoint/ID        how far each lane is
 *   delivery-settled/ID/000000    what is settled beyond it (`SavedSettled`)
 *   delivery-settled/ID/000001    what came since; 000002, …
 *   delivery-receipts/ID          of batches of which nobody knows yet whether they are there (`SavedReceipts`)
 *
 * While it is little, 000000 is written anew each time. When it is more, what comes is written beside it, until that is as
 * much: so that a save writes about what came, and a restart reads twice what there is at most.
 */

/** What is settled beyond the checkpoint is written anew each time while it takes no more. */
const writtenAnewBytesMax = 1024

/** The deliveries' progress in the catalog, by id. One writer for each: the delivery. */
export class CheckpointStore {
  readonly #catalog: Catalog
  readonly #kind: 'delivery' | 'channel'

  constructor(catalog: Catalog, kind: 'delivery' | 'channel' = 'delivery') {
    this.#catalog = catalog
    this.#kind = kind
  }

  get(id: string): Checkpoint {
    return (this.#catalog.get(this.#checkpointPrefix + id)?.value as Checkpoint | undefined) ?? {}
  }

  /** For who goes on with a delivery. */
  open(id: string): SavedProgress {
    return new SavedProgress(this.#catalog, {
      checkpointKey: this.#checkpointPrefix + id,
      receiptsKey: this.#receiptsPrefix + id,
      settledPrefix: `${this.#settledPrefix + id}/`,
    })
  }

  /** Forgets those of deliveries that are not there any more. */
  async keepOnly(ids: ReadonlySet<string>): Promise<void> {
    for (const prefix of [this.#checkpointPrefix, this.#receiptsPrefix])
      for (const { key, version } of this.#catalog.list(prefix))
        if (!ids.has(key.slice(prefix.length))) await this.#catalog.delete(key, version)
    for (const { key, version } of this.#catalog.list(this.#settledPrefix))
      if (!ids.has(key.slice(this.#settledPrefix.length, key.lastIndexOf('/'))))
        await this.#catalog.delete(key, version)
  }

  get #checkpointPrefix(): string {
    return `${this.#kind}-checkpoint/`
  }

  get #receiptsPrefix(): string {
    return `${this.#kind}-receipts/`
  }

  get #settledPrefix(): string {
    return `${this.#kind}-settled/`
  }
}

/** What can be saved; each of `newlySettled` and `allSettled` is taken at most once a save. */
export type Savable = Pick<Saved, 'checkpoint'> & {
  newlySettled(): SavedSettled
  allSettled(): SavedSettled
  readonly receipts: Pick<Receipts, 'all' | 'takeChanged'>
}

type Keys = { readonly checkpointKey: string; readonly receiptsKey: string; readonly settledPrefix: string }

/** The progress of one delivery, as it is kept. */
export class SavedProgress {
  readonly #catalog: Catalog
  readonly #checkpointKey: string
  readonly #receiptsKey: string
  readonly #settledPrefix: string
  /** Values of what is settled. */
  #count: number
  /** Bytes of the first of them. */
  #wholeBytes = Number.POSITIVE_INFINITY
  /** Bytes of the others. */
  #changesBytes = 0
  /** What was to be written last may not be there. */
  #isWholeNeeded = true

  constructor(catalog: Catalog, { checkpointKey, receiptsKey, settledPrefix }: Keys) {
    this.#catalog = catalog
    this.#checkpointKey = checkpointKey
    this.#receiptsKey = receiptsKey
    this.#settledPrefix = settledPrefix
    this.#count = catalog.list(settledPrefix).length
  }

  load(): Saved {
    const checkpoint = (this.#catalog.get(this.#checkpointKey)?.value as Checkpoint | undefined) ?? {}
    const receipts = this.#catalog.get(this.#receiptsKey)?.value as SavedReceipts | undefined
    return { checkpoint, receipts, settled: this.#catalog.list(this.#settledPrefix).map(({ value }) => value as never) }
  }

  /**
   * Resolves when it is durable. @throws StorageFailed: then all of it is saved the next time
   * @param isMoved whether the checkpoint is another than at the last save
   */
  async save(progress: Savable, isMoved: boolean): Promise<void> {
    const isWhole =
      this.#isWholeNeeded || this.#wholeBytes <= writtenAnewBytesMax || this.#changesBytes >= this.#wholeBytes
    const settled = isWhole ? progress.allSettled() : progress.newlySettled()
    const isEmpty = Object.keys(settled.delivered).length === 0 && Object.keys(settled.kept).length === 0
    const changes: CatalogChange[] = []
    if (isMoved || this.#isWholeNeeded) changes.push(this.#change(this.#checkpointKey, progress.checkpoint))
    if (progress.receipts.takeChanged() || this.#isWholeNeeded) {
      const { all } = progress.receipts
      if (all || this.#catalog.get(this.#receiptsKey)) changes.push(this.#change(this.#receiptsKey, all))
    }
    const first = isWhole ? 0 : this.#count
    if (!isEmpty) changes.push(this.#change(this.#keyOf(first), settled))
    const end = isEmpty ? first : first + 1
    if (isWhole) for (let n = end; n < this.#count; n++) changes.push(this.#change(this.#keyOf(n)))
    if (changes.length === 0) return
    this.#isWholeNeeded = true
    if ((await this.#catalog.commit(changes)) === undefined) throw new Error('somebody else saves the same progress')
    this.#isWholeNeeded = false
    this.#count = end
    const bytes = isEmpty ? 0 : JSON.stringify(settled).length
    if (isWhole) this.#wholeBytes = bytes
    this.#changesBytes = isWhole ? 0 : this.#changesBytes + bytes
  }

  #keyOf = (n: number) => this.#settledPrefix + `${n}`.padStart(6, '0')

  /** Puts a value, whatever there was; without one, deletes it. */
  #change(key: string, value?: CatalogChange['value']): CatalogChange {
    const expectedVersion = this.#catalog.get(key)?.version ?? 0
    return { key, expectedVersion, ...(value === undefined ? { action: 'delete' } : { action: 'put', value }) }
  }
}
