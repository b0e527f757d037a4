import { type DataKey, type DataKeys, findAll } from '../data-key.ts'
import type { EntryBlock } from '../log.ts'
import { type BlockHead, type BlockRun, entriesOf, sealOf } from './block-format.ts'
import { Opener, type Seal, type SealedLog } from './seal.ts'
import type { Segment } from './segment-store.ts'

/** A run as it lies in bytes that were read. */
export type FoundRun = { readonly at: number; readonly head: BlockHead; readonly run: BlockRun }

/** Opens what is read of sealed logs. */
export class SealedReading {
  readonly keys: DataKeys
  readonly #opener = new Opener()

  constructor(keys: DataKeys) {
    this.keys = keys
  }

  /** The keys that runs are sealed with. @throws what DataKeys do */
  keysOf(bytes: Uint8Array, found: readonly (FoundRun | undefined)[]): Promise<ReadonlyMap<number, DataKey>> {
    const ids = new Set<number>()
    for (const one of found) if (one?.head.isSealed) ids.add(sealOf(bytes, one.at, one.head, one.run)!.keyId)
    return findAll(this.keys, ids)
  }

  /** The entries of a run; undefined if it was not sealed for this place by this key, and should be. */
  entries(
    bytes: Uint8Array,
    { at, head, run }: FoundRun,
    keys: ReadonlyMap<number, DataKey>,
    segment: Segment,
    log: SealedLog,
  ): EntryBlock | undefined {
    const entries = entriesOf(bytes, at, head, run)
    const seal = sealOf(bytes, at, head, run)
    if (!seal) return run.firstOffset < log.sealedFrom ? entries : undefined
    return isOf(segment, seal) ? this.#opener.open(keys.get(seal.keyId)!, seal, log, entries) : undefined
  }
}

/** Whether a run can have come into a segment: it was sealed for it, or for one of those that it was compacted from. */
function isOf({ number, previous, salt }: Segment, seal: Seal): boolean {
  if (!salt) return previous < seal.segment && seal.segment <= number
  return seal.segment === number && Buffer.compare(salt, seal.salt) === 0
}
