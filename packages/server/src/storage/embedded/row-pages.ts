import type { BlockRows } from './block-rows.ts'
import type { SegmentDirectory } from './segment-index.ts'

/** Pages of rows that are kept in memory once they were read, over all finished segments. */
const pagesBytesMax = 16 * 1024 * 1024

/** The pages of segments' indexes that were read last. A directory stands for its index: a new index has a new one. */
export class RowPages {
  readonly #pages = new Map<SegmentDirectory, Map<number, BlockRows>>()
  #order: { readonly directory: SegmentDirectory; readonly page: number }[] = []
  #first = 0
  #bytes = 0

  get(directory: SegmentDirectory, page: number): BlockRows | undefined {
    return this.#pages.get(directory)?.get(page)
  }

  add(directory: SegmentDirectory, page: number, rows: BlockRows): void {
    let pages = this.#pages.get(directory)
    if (!pages) {
      pages = new Map()
      this.#pages.set(directory, pages)
    }
    if (pages.has(page)) return
    pages.set(page, rows)
    this.#order.push({ directory, page })
    this.#bytes += rows.cells.byteLength
    while (this.#bytes > pagesBytesMax) this.#dropOldest()
  }

  /** Forgets what an index held that is gone. */
  forget(directory: SegmentDirectory): void {
    const pages = this.#pages.get(directory)
    if (!pages) return
    this.#pages.delete(directory)
    for (const rows of pages.values()) this.#bytes -= rows.cells.byteLength
    this.#order = this.#order.slice(this.#first).filter((entry) => entry.directory !== directory)
    this.#first = 0
  }

  #dropOldest(): void {
    const { directory, page } = this.#order[this.#first++]!
    const pages = this.#pages.get(directory)!
    this.#bytes -= pages.get(page)!.cells.byteLength
    pages.delete(page)
    if (pages.size === 0) this.#pages.delete(directory)
    if (this.#first * 2 > this.#order.length) {
      this.#order = this.#order.slice(this.#first)
      this.#first = 0
    }
  }
}
