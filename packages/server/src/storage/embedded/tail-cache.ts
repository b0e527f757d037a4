import type { EntryBlock } from '../log.ts'

/** What the cache keeps of one log: from `blocks[first]` on its newest blocks, without a gap to its end. Those before are empty. */
export type Tail = { blocks: EntryBlock[]; first: number }

/** The newest blocks of all logs, up to a number of bytes: readers at the tip need no disk. The oldest go first. */
export class TailCache {
  readonly #bytesMax: number
  #bytes = 0
  #order: Tail[] = []
  #sizes: number[] = []
  #first = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  add(tail: Tail, block: EntryBlock): void {
    const size = block.bytes.byteLength + block.positions.byteLength + blockBytes
    tail.blocks.push(block)
    this.#order.push(tail)
    this.#sizes.push(size)
    this.#bytes += size
    while (this.#bytes > this.#bytesMax) this.#evict()
  }

  #evict(): void {
    const tail = this.#order[this.#first]!
    this.#bytes -= this.#sizes[this.#first]!
    this.#first++
    tail.blocks[tail.first++] = gone
    if (tail.first * 2 > tail.blocks.length) {
      tail.blocks = tail.blocks.slice(tail.first)
      tail.first = 0
    }
    if (this.#first * 2 > this.#order.length) {
      this.#order = this.#order.slice(this.#first)
      this.#sizes = this.#sizes.slice(this.#first)
      this.#first = 0
    }
  }
}

/** What a block costs in memory beside its bytes: an object, two arrays and their memory. Measured: 615. */
const blockBytes = 600

const gone: EntryBlock = { bytes: new Uint8Array(0), positions: new Uint32Array(1), firstOffset: 0, timestampMs: 0 }
