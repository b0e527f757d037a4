import type { Json } from '../../../storage/catalog.ts'
import type { DeliveryRecord } from './delivery-record.ts'
import { type SavedLanes, Settled } from './settled.ts'

/*
 * Receipts of batches that were brought and are not known to be there, as they are saved, by batch. `records` says which
 * were brought, as in `SavedSettled`.
 *
 *   {"version": 3, "batches": {"0a1b2c3d-…": {"records": {"put": {"at": RUNS}}, "receipt": {"ackId": 0, …}}}}
 */

export type SavedReceipt = { readonly records: SavedLanes; readonly receipt: Json }
/** `version` is that of the settings by which they were brought. */
export type SavedReceipts = { readonly version: number; readonly batches: { readonly [id: string]: SavedReceipt } }

/** What destinations are to remember of the batches under way, for the process that comes after this one. */
export class Receipts {
  readonly #version: number
  readonly #batches: Map<string, SavedReceipt>
  #isChanged = false

  /** @param version of the settings: with other ones nobody can ask after what was brought, and it comes again */
  constructor(saved: SavedReceipts | undefined, version: number) {
    this.#version = version
    this.#batches = new Map(saved?.version === version ? Object.entries(saved.batches) : [])
  }

  get batches(): readonly (readonly [id: string, saved: SavedReceipt])[] {
    return [...this.#batches]
  }

  /** In place of the receipt that a batch has. @param records absent: the same */
  keep(id: string, receipt: Json, records?: readonly DeliveryRecord[]): void {
    const places = records ? placesOf(records) : (this.#batches.get(id)?.records ?? {})
    this.#batches.set(id, { records: places, receipt })
    this.#isChanged = true
  }

  drop(id: string): void {
    if (this.#batches.delete(id)) this.#isChanged = true
  }

  /** Whether they are others than when this was asked last. */
  takeChanged(): boolean {
    const isChanged = this.#isChanged
    this.#isChanged = false
    return isChanged
  }

  /** Undefined if there are none. */
  get all(): SavedReceipts | undefined {
    if (this.#batches.size === 0) return undefined
    return { version: this.#version, batches: Object.fromEntries(this.#batches) }
  }
}

function placesOf(records: readonly DeliveryRecord[]): SavedLanes {
  const places = new Settled()
  for (const { page, piece, position } of records)
    if (piece) places.addPart(page.lane, piece.whole.key, piece.whole.of, piece.index)
    else places.add(page.lane, position)
  return places.all()
}
