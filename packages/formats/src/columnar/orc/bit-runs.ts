import { ByteRuns } from './byte-runs.ts'
import type { GrowingBytes } from './growing-bytes.ts'
import type { StreamEncoder } from './stream-encoder.ts'

/** Booleans: eight in a byte, the first in its highest bit, and the bytes in runs. */
export class BitRuns implements StreamEncoder {
  readonly counters = 2
  /** How many bits of a byte that is not full yet. A row group may begin in its middle. */
  bits = 0
  #byte = 0
  #bytes = new ByteRuns()

  get out(): GrowingBytes {
    return this.#bytes.out
  }

  add(bit: number): void {
    this.#byte |= bit << (7 - this.bits)
    if (++this.bits < 8) return
    this.#bytes.add(this.#byte)
    this.bits = 0
    this.#byte = 0
  }

  /** Ends the run of full bytes; bits of the byte that is not full stay with it. */
  flush(): void {
    this.#bytes.flush()
  }

  /** Ends the stream: the last byte is filled with zeros. */
  end(): void {
    if (this.bits > 0) this.#bytes.add(this.#byte)
    this.#bytes.flush()
  }

  clear(): void {
    this.#bytes.clear()
    this.bits = 0
    this.#byte = 0
  }
}
