import { type Codec, StoredStream } from './compression.ts'
import type { StreamEncoder } from './stream-encoder.ts'

/** The streams of a column, by their numbers in the file. */
export const streamKinds = {
  present: 0,
  data: 1,
  length: 2,
  dictionaryData: 3,
  secondary: 5,
  rowIndex: 6,
  bloomFilterUtf8: 8,
} as const

/** A stream that is ready for the file. */
export type FinishedStream = {
  readonly kind: number
  readonly stored: StoredStream
  /** For each row group the numbers by which a reader finds its first value. */
  readonly positions: readonly (readonly number[])[]
}

/**
 * A stream of a column, with the places where the row groups begin. A run ends with its row group, so that the values of
 * a run to pass over are always 0.
 */
export class ColumnStream<Encoder extends StreamEncoder = StreamEncoder> {
  readonly kind: number
  readonly encoder: Encoder
  #starts: number[] = []
  #bits: number[] = []

  constructor(kind: number, encoder: Encoder) {
    this.kind = kind
    this.encoder = encoder
  }

  /** A row group begins here. */
  beginRowGroup(): void {
    this.encoder.flush()
    this.#starts.push(this.encoder.out.length)
    this.#bits.push(this.encoder.bits ?? 0)
  }

  /** Gives the whole stream, and is empty again. */
  finish(codec: Codec): FinishedStream {
    const { encoder } = this
    if (encoder.end) encoder.end()
    else encoder.flush()
    const stored = new StoredStream(encoder.out.written(), codec)
    const positions = this.#starts.map((start, group) => {
      const numbers: number[] = []
      stored.locate(start, numbers)
      if (encoder.counters > 0) numbers.push(0)
      if (encoder.counters > 1) numbers.push(this.#bits[group]!)
      return numbers
    })
    encoder.clear()
    this.#starts = []
    this.#bits = []
    return { kind: this.kind, stored, positions }
  }
}
