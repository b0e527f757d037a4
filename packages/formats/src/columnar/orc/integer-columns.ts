import assert from 'node:assert/strict'
import type { ColumnValue } from '../column-type.ts'
import type { BloomFilter } from './bloom-filter.ts'
import { ByteRuns } from './byte-runs.ts'
import { streamKinds } from './column-stream.ts'
import { ColumnWriter, encodings } from './column-writer.ts'
import { type FormatVersion, integerRuns } from './integer-runs.ts'
import { DateStatistics, IntegerStatistics } from './statistics.ts'
import type { IntegerRuns } from './stream-encoder.ts'
import { narrowMax } from './zigzag.ts'

/** tinyint: DATA has a byte for each. */
export class TinyintColumn extends ColumnWriter<IntegerStatistics> {
  #data = this.stream(streamKinds.data, new ByteRuns())

  constructor(bloomFilter: BloomFilter | undefined) {
    super({ statistics: () => new IntegerStatistics(), bloomFilter })
  }

  protected writeValues(values: readonly ColumnValue[], from: number, to: number): void {
    let min = 127
    let max = -128
    let sum = 0
    for (let i = from; i < to; i++) {
      const value = values[i] as number | null
      if (value === null) continue
      if (value < min) min = value
      if (value > max) max = value
      sum += value
      this.#data.add(value & 0xff)
      this.bloomFilter?.addLong(value)
    }
    assert(min >= -128 && max <= 127 && Number.isInteger(sum), 'a tinyint is whole, and of 8 bits')
    this.statistics.add(min, max, BigInt(sum))
  }
}

const bitsOfKind = { smallint: 16, int: 32, bigint: 64 } as const

/** smallint, int, bigint: DATA has whole numbers with their sign. */
export class IntegerColumn extends ColumnWriter<IntegerStatistics> {
  #data: IntegerRuns
  #least: bigint

  constructor(kind: keyof typeof bitsOfKind, version: FormatVersion, bloomFilter: BloomFilter | undefined) {
    super({ statistics: () => new IntegerStatistics(), encoding: encodings[version].direct, bloomFilter })
    this.#data = this.stream(streamKinds.data, integerRuns(version, true))
    this.#least = -(2n ** BigInt(bitsOfKind[kind] - 1))
  }

  protected writeValues(values: readonly ColumnValue[], from: number, to: number): void {
    const data = this.#data
    let min: number | bigint = Number.POSITIVE_INFINITY
    let max: number | bigint = Number.NEGATIVE_INFINITY
    // Numbers are added up while that is exact; what is above goes to the bigint.
    let sum = 0
    let total = 0n
    for (let i = from; i < to; i++) {
      const value = values[i] as number | bigint | null
      if (value === null) continue
      if (value < min) min = value
      if (value > max) max = value
      data.add(value)
      if (typeof value === 'bigint' || value > narrowMax || value < -narrowMax) {
        total += BigInt(value)
        continue
      }
      sum += value
      if (sum <= narrowMax && sum >= -narrowMax) continue
      total += BigInt(sum)
      sum = 0
    }
    assert(min >= this.#least && max < -this.#least, 'a whole number is within the range of its type')
    this.statistics.add(min, max, total + BigInt(sum))
    if (this.bloomFilter) addLongs(this.bloomFilter, values, from, to)
  }
}

/** date: DATA has the days since 1970. */
export class DateColumn extends ColumnWriter<DateStatistics> {
  #data: IntegerRuns

  constructor(version: FormatVersion, bloomFilter: BloomFilter | undefined) {
    super({ statistics: () => new DateStatistics(), encoding: encodings[version].direct, bloomFilter })
    this.#data = this.stream(streamKinds.data, integerRuns(version, true))
  }

  protected writeValues(values: readonly ColumnValue[], from: number, to: number): void {
    let min = Number.POSITIVE_INFINITY
    let max = Number.NEGATIVE_INFINITY
    for (let i = from; i < to; i++) {
      const value = values[i] as number | null
      if (value === null) continue
      if (value < min) min = value
      if (value > max) max = value
      this.#data.add(value)
    }
    assert(min >= -(2 ** 31) && max < 2 ** 31, 'days are of 32 bits')
    this.statistics.add(min, max)
    if (this.bloomFilter) addLongs(this.bloomFilter, values, from, to)
  }
}

function addLongs(bloomFilter: BloomFilter, values: readonly ColumnValue[], from: number, to: number): void {
  for (let i = from; i < to; i++) {
    const value = values[i] as number | bigint | null
    if (value !== null) bloomFilter.addLong(value)
  }
}
