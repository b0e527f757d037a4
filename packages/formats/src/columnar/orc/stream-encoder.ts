import { GrowingBytes } from './growing-bytes.ts'

/** Writes values as bytes, in runs. */
export interface StreamEncoder {
  readonly out: GrowingBytes
  /**
   * How many numbers the row index has for it besides where the run begins: 0 for plain bytes; 1 for runs: the values of
   * the run to pass over; 2 for bits: the same, and the bits of the byte.
   */
  readonly counters: 0 | 1 | 2
  /** Bits in a byte that is not full yet. */
  readonly bits?: number
  /** Ends the run. */
  flush(): void
  /** Ends the stream, where that is more than ending the run. */
  end?(): void
  clear(): void
}

/** Whole numbers, of up to 64 bits with their sign, or from 0 below 2^53 without. */
export interface IntegerRuns extends StreamEncoder {
  add(value: number | bigint): void
}

/** Bytes without runs. */
export class PlainBytes implements StreamEncoder {
  readonly out = new GrowingBytes()
  readonly counters = 0
  flush(): void {}
  clear(): void {
    this.out.clear()
  }
}
