import { GrowingBytes } from './growing-bytes.ts'
import type { StreamEncoder } from './stream-encoder.ts'

const runMin = 3
const runMax = 130
const literalsMax = 128

/*
 * Bytes, run by run:
 *
 *   run        length - 3: 0..127    byte
 *   literals   -length: -1..-128     bytes[length]
 */
export class ByteRuns implements StreamEncoder {
  readonly out = new GrowingBytes()
  readonly counters = 1
  /** Those not written yet: all alike if `#alike` says so, else what they are. */
  #waiting = Buffer.alloc(runMax)
  #count = 0
  /** How many at the end of what waits are alike. */
  #alike = 0

  add(byte: number): void {
    const count = this.#count
    if (count > 0 && this.#waiting[count - 1] === byte) {
      this.#alike++
    } else {
      if (this.#alike >= runMin) this.#writeRun()
      this.#alike = 1
    }
    this.#waiting[this.#count++] = byte
    if (this.#alike === runMin && this.#count > runMin) this.#beginRun(byte)
    if (this.#count === (this.#alike === this.#count ? runMax : literalsMax)) this.flush()
  }

  /** Ends the run: the next byte begins another. */
  flush(): void {
    if (this.#alike >= runMin) this.#writeRun()
    else if (this.#count > 0) this.#writeLiterals(this.#count)
    this.#count = 0
    this.#alike = 0
  }

  clear(): void {
    this.out.clear()
    this.#count = 0
    this.#alike = 0
  }

  /** The last ones are alike: those before them go first. */
  #beginRun(byte: number): void {
    this.#writeLiterals(this.#count - runMin)
    this.#waiting.fill(byte, 0, runMin)
    this.#count = runMin
  }

  #writeRun(): void {
    this.out.u8(this.#count - runMin)
    this.out.u8(this.#waiting[0]!)
    this.#count = 0
  }

  #writeLiterals(count: number): void {
    this.out.u8(256 - count)
    this.out.append(this.#waiting.subarray(0, count))
  }
}
