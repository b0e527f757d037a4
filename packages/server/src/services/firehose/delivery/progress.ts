import assert from 'node:assert/strict'
import type { Checkpoint } from '../sources/source.ts'

/** A page of a source, and how many records of what became of it are not settled yet. */
export type Page = {
  readonly lane: string
  readonly next: string | undefined
  left: number
  /** Arrival of its oldest record; absent if it has none. */
  readonly oldestMs?: number | undefined
}

/**
 * How far everything is settled, lane by lane. Batches of several partitions settle in any order; a lane goes on only when
 * the oldest page is done, so that a restart repeats rather than misses.
 */
export class Progress {
  readonly #checkpoint: Record<string, string>
  readonly #read: Record<string, string>
  readonly #lanes = new Map<string, Page[]>()

  constructor(checkpoint: Checkpoint) {
    this.#checkpoint = { ...checkpoint }
    this.#read = { ...checkpoint }
  }

  /** A page of which so many parts must be settled; none is fine. With it a lane goes on at `next`, or is forgotten. */
  begin(lane: string, next: string | undefined, parts: number, oldestMs?: number): Page {
    const page: Page = { lane, next, left: parts, oldestMs }
    moveTo(this.#read, lane, next)
    const pages = this.#lanes.get(lane)
    if (pages) pages.push(page)
    else this.#lanes.set(lane, [page])
    return page
  }

  /** More became of a page: a record that is delivered and kept, one that became several. */
  add(page: Page, parts = 1): void {
    page.left += parts
  }

  settle(page: Page, parts = 1): void {
    page.left -= parts
    assert(page.left >= 0, 'a part of a page is settled once')
  }

  /** Takes the pages that are done off the front of their lanes. The lanes that went on by it. */
  advance(): string[] {
    const moved: string[] = []
    for (const [lane, pages] of this.#lanes) {
      let done = 0
      while (done < pages.length && pages[done]!.left === 0) done++
      if (done === 0) continue
      moveTo(this.#checkpoint, lane, pages[done - 1]!.next)
      pages.splice(0, done)
      if (pages.length === 0) this.#lanes.delete(lane)
      moved.push(lane)
    }
    return moved
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
}

function moveTo(lanes: Record<string, string>, lane: string, next: string | undefined): void {
  if (next === undefined) delete lanes[lane]
  else lanes[lane] = next
}
