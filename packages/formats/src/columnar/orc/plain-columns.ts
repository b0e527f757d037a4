import type { ColumnValue } from '../column-type.ts'
import { BitRuns } from './bit-runs.ts'
import type { BloomFilter } from './bloom-filter.ts'
import { streamKinds } from './column-stream.ts'
import { ColumnWriter, encodings } from './column-writer.ts'
import { type FormatVersion, integerRuns } from './integer-runs.ts'
import { BinaryStatistics, BooleanStatistics, DoubleStatistics } from './statistics.ts'
import { type IntegerRuns, PlainBytes } from './stream-encoder.ts'

/** boolean: DATA has a bit for each. */
export class BooleanColumn extends ColumnWriter<BooleanStatistics> {
  #data = this.stream(streamKinds.data, new BitRuns())

  constructor() {
    super({ statistics: () => new BooleanStatistics() })
  }

  protected writeValues(values: readonly ColumnValue[], from: number, to: number): void {
    let trues = 0
    for (let i = from; i < to; i++) {
      const value = values[i] as boolean | null
      if (value === null) continue
      if (value) trues++
      this.#data.add(value ? 1 : 0)
    }
    this.statistics.add(trues)
  }
}

/** float, double: DATA has the 4 or 8 bytes of each, little-endian. */
export class DoubleColumn extends ColumnWriter<DoubleStatistics> {
  #data = this.stream(streamKinds.data, new PlainBytes())
  #size: 4 | 8

  constructor(kind: 'float' | 'double', bloomFilter: BloomFilter | undefined) {
    super({ statistics: () => new DoubleStatistics(), bloomFilter })
    this.#size = kind === 'float' ? 4 : 8
  }

  protected writeValues(values: readonly ColumnValue[], from: number, to: number): void {
    const size = this.#size
    const { out } = this.#data
    out.reserve((to - from) * size)
    const view = new DataView(out.bytes.buffer, out.bytes.byteOffset)
    let at = out.length
    let min = Number.NaN
    let max = Number.NaN
    let sum = 0
    for (let i = from; i < to; i++) {
      if (values[i] === null) continue
      const value = size === 4 ? Math.fround(values[i] as number) : (values[i] as number)
      // Whatever is compared with NaN is false: the first number takes its place.
      if (!(value >= min) && !Number.isNaN(value)) min = value
      if (!(value <= max) && !Number.isNaN(value)) max = value
      sum += value
      if (size === 4) view.setFloat32(at, value, true)
      else view.setFloat64(at, value, true)
      at += size
      this.bloomFilter?.addDouble(value)
    }
    out.length = at
    this.statistics.add(min, max, sum)
  }
}

/** binary: DATA has the bytes one after another, LENGTH how many each has. */
export class BinaryColumn extends ColumnWriter<BinaryStatistics> {
  #data = this.stream(streamKinds.data, new PlainBytes())
  #length: IntegerRuns

  constructor(version: FormatVersion, bloomFilter: BloomFilter | undefined) {
    super({ statistics: () => new BinaryStatistics(), encoding: encodings[version].direct, bloomFilter })
    this.#length = this.stream(streamKinds.length, integerRuns(version, false))
  }

  protected writeValues(values: readonly ColumnValue[], from: number, to: number): void {
    let sum = 0
    for (let i = from; i < to; i++) {
      const value = values[i] as Uint8Array | null
      if (value === null) continue
      sum += value.length
      this.#data.out.append(value)
      this.#length.add(value.length)
      this.bloomFilter?.addBytes(value)
    }
    this.statistics.add(sum)
  }
}
