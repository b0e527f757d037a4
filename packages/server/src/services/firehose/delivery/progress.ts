import assert from 'node:assert/strict'
import type { Checkpoint, SourcePage } from '../sources/source.ts'
import type { Transformed } from '../transforms/transform.ts'
import type { DeliveryRecord } from './delivery-record.ts'
import { Piece, Whole } from './piece.ts'
import { spanMax } from './position-set.ts'
import { Receipts, type SavedReceipt, type SavedReceipts } from './receipts.ts'
import { type SavedSettled, Settled, type Way, ways } from './settled.ts'

/** A page of a source, and how many of its records are not settled yet: once for each way out. */
export type Page = {
  readonly lane: string
  readonly next: string | undefined
  left: number
  /** Position of its first record. */
  readonly first: number
  /** With `next` the lane has passed all positions before this one. */
  readonly end: number
  /** By position from `first` on, how many records on their way hold it. Absent where each is held by itself alone. */
  held?: Uint8Array | undefined
  /** Arrival of its oldest record; absent if it has none. */
  readonly oldestMs?: number | undefined
}

/** What a delivery that ended has left. */
export type Saved = {
  readonly checkpoint: Checkpoint
  readonly settled: readonly SavedSettled[]
  readonly receipts?: SavedReceipts | undefined
}

/**
 * How far everything is settled, lane by lane: the checkpoint, before which all is, and the positions beyond it that are.
 * Batches of several partitions settle in any order; the checkpoint of a lane goes on when its oldest page is done.
 *
 * What a record becomes is followed by what holds its place: the record itself, then what transforms make of it. What lets
 * go of the place last has settled it. Several that one became are parts of it (`Piece`), each with a place of its own.
 */
export class Progress {
  readonly receipts: Receipts
  readonly #checkpoint: Record<string, string>
  readonly #read: Record<string, string>
  readonly #lanes = new Map<string, Page[]>()
  readonly #settled: Readonly<Record<Way, Settled>> = { delivered: new Settled(), kept: new Settled() }
  readonly #version: number
  /** By way and lane, the last whole of the source: its parts may come in several pages. */
  readonly #open = new Map<string, Whole>()

  /** @param version of the settings by which records are taken apart */
  constructor({ checkpoint, settled, receipts }: Saved, version: number) {
    this.receipts = new Receipts(receipts, version)
    this.#checkpoint = { ...checkpoint }
    this.#read = { ...checkpoint }
    this.#version = version
    for (const saved of settled)
      for (const way of ways) this.#settled[way].restore(saved[way], saved.version === version)
  }

  /** What was brought before this process began is there; nothing was read yet. */
  settleReceipt(id: string, { records }: SavedReceipt): void {
    this.#settled.delivered.addAll(records)
    this.receipts.drop(id)
  }

  /** A page, of which nothing is to be settled yet. With it a lane goes on at `next`, or is forgotten. */
  begin({ lane, next, records, end = 0 }: SourcePage): Page {
    const first = records[0]?.position ?? 0
    const page: Page = { lane, next, left: 0, first, end, oldestMs: records[0]?.arrivalMs }
    moveTo(this.#read, lane, next)
    const pages = this.#lanes.get(lane)
    if (pages) pages.push(page)
    else this.#lanes.set(lane, [page])
    return page
  }

  /** Those of a page's records that are not settled for a way out; from now on they are to be. */
  left(way: Way, page: Page, given: readonly DeliveryRecord[]): readonly DeliveryRecord[] {
    const { lane } = page
    const settled = this.#settled[way]
    const isNew = settled.end(lane) <= page.first
    const left: DeliveryRecord[] = []
    for (const record of given) {
      if (!isNew && settled.has(lane, record.position)) continue
      const { among } = record
      if (!among) left.push(record)
      else {
        const whole = this.#wholeOf(way, lane, record.position, among.of)
        if (isNew || !settled.hasPart(lane, whole.key, among.of, among.index))
          left.push({ ...record, piece: new Piece(whole, among.index) })
        else whole.left--
      }
    }
    page.left += left.length
    return left
  }

  /** Records of a page are going to be transformed: each holds its place until what becomes of it does. */
  follow(page: Page, records: readonly DeliveryRecord[]): void {
    const last = records.at(-1)
    if (last) page.held = new Uint8Array(last.position - page.first + 1).fill(1)
  }

  /**
   * What a transform made of records holds their places from now on. Where several came of one, they become its parts:
   * those that are settled already are left out.
   */
  pass(given: readonly DeliveryRecord[], { records, failed }: Pick<Transformed, 'records' | 'failed'>) {
    const passed: DeliveryRecord[] = []
    for (let first = 0, end: number; first < records.length; first = end) {
      const record = records[first]!
      end = first + 1
      while (end < records.length && isSamePlace(records[end]!, record)) end++
      hold(record)
      if (end === first + 1) passed.push(record)
      else this.#divide(records.slice(first, end), passed)
    }
    for (const { record } of failed) hold(record)
    for (const record of given) this.settle('delivered', record)
    return passed
  }

  /** A record has come to its end: it is there, or in the error output, or became nothing. */
  settle(way: Way, record: DeliveryRecord): void {
    const { page, position } = record
    const { lane } = page
    const settled = this.#settled[way]
    for (let { piece } = record; piece; piece = piece.whole.parent) {
      assert(piece.held > 0, 'a part of a record is settled once')
      if (--piece.held > 0) return
      const { whole } = piece
      settled.addPart(lane, whole.key, whole.of, piece.index)
      if (whole.isOfSource) page.left--
      if (--whole.left > 0) return
      settled.forgetParts(lane, whole.key)
      if (!whole.isOfSource) continue
      settled.add(lane, position)
      return
    }
    if (way === 'delivered' && page.held) {
      const place = position - page.first
      assert(page.held[place]! > 0, 'a record is settled once')
      if (--page.held[place]! > 0) return
    }
    settled.add(lane, position)
    page.left--
    assert(page.left >= 0, 'a record is settled once')
    if (page.left === 0) page.held = undefined
  }

  /** Takes the pages that are done off the front of their lanes. The lanes that went on by it. */
  advance(): string[] {
    const moved: string[] = []
    for (const [lane, pages] of this.#lanes) {
      let done = 0
      let end = 0
      while (done < pages.length && pages[done]!.left === 0) end = Math.max(end, pages[done++]!.end)
      if (done === 0) continue
      const { next } = pages[done - 1]!
      moveTo(this.#checkpoint, lane, next)
      pages.splice(0, done)
      if (pages.length === 0) this.#lanes.delete(lane)
      for (const way of ways) {
        if (next !== undefined) this.#settled[way].forgetBefore(lane, end)
        else {
          this.#settled[way].forgetLane(lane)
          this.#open.delete(`${way} ${lane}`)
        }
      }
      moved.push(lane)
    }
    return moved
  }

  /** So much of a lane is settled beyond its checkpoint that no more of it can be remembered. */
  isFull(lane: string): boolean {
    return ways.some((way) => this.#settled[way].span(lane) >= spanMax / 2)
  }

  /** What is settled beyond the checkpoint since the last call of this or of `allSettled`. */
  newlySettled(): SavedSettled {
    const { delivered, kept } = this.#settled
    return { version: this.#version, delivered: delivered.changes(), kept: kept.changes() }
  }

  /** All that is settled beyond the checkpoint. */
  allSettled(): SavedSettled {
    const { delivered, kept } = this.#settled
    return { version: this.#version, delivered: delivered.all(), kept: kept.all() }
  }

  /** Arrival of the oldest record that is not settled; undefined if all are. */
  get oldestMs(): number | undefined {
    let oldestMs: number | undefined
    for (const pages of this.#lanes.values()) {
      const page = pages.find((page) => page.left > 0 && page.oldestMs !== undefined)
      if (page && (oldestMs === undefined || page.oldestMs! < oldestMs)) oldestMs = page.oldestMs
    }
    return oldestMs
  }

  get checkpoint(): Checkpoint {
    return { ...this.#checkpoint }
  }

  /** How far the source was read: what is settled, and what is on its way. */
  get read(): Checkpoint {
    return { ...this.#read }
  }

  #wholeOf(way: Way, lane: string, position: number, of: number): Whole {
    const name = `${way} ${lane}`
    const key = `${position}`
    const open = this.#open.get(name)
    if (open?.key === key) return open
    const whole = new Whole(key, of, true)
    this.#open.set(name, whole)
    return whole
  }

  /** Gives parts to records that came of one. They hold its place together, and those that are settled let go of it. */
  #divide(records: readonly DeliveryRecord[], passed: DeliveryRecord[]): void {
    const { page, piece: parent, position, recordId } = records[0]!
    const key = parent ? `${parent.whole.key}.${parent.index}` : `${position}`
    const whole = new Whole(key, records.length, false, parent)
    for (const [index, record] of records.entries()) {
      const part = index > 0 && record.recordId === recordId ? index : undefined
      const made = { ...record, piece: new Piece(whole, index), part }
      if (this.#settled.delivered.hasPart(page.lane, key, records.length, index)) this.settle('delivered', made)
      else passed.push(made)
    }
  }
}

const isSamePlace = (a: DeliveryRecord, b: DeliveryRecord) =>
  a.position === b.position && a.piece === b.piece && a.page === b.page

function hold({ page, piece, position }: DeliveryRecord): void {
  if (piece) piece.held++
  else page.held![position - page.first]!++
}

function moveTo(lanes: Record<string, string>, lane: string, next: string | undefined): void {
  if (next === undefined) delete lanes[lane]
  else lanes[lane] = next
}
