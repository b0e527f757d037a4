import assert from 'node:assert/strict'
import type { ColumnValue } from '../column-type.ts'
import type { BloomFilter } from './bloom-filter.ts'
import { streamKinds } from './column-stream.ts'
import { ColumnWriter, encodings } from './column-writer.ts'
import { DecimalStatistics, decimalText } from './decimal-statistics.ts'
import { type FormatVersion, integerRuns } from './integer-runs.ts'
import { TimestampStatistics } from './statistics.ts'
import { type IntegerRuns, PlainBytes } from './stream-encoder.ts'
import { wideZigzag } from './zigzag.ts'

/** 2015-01-01T00:00:00Z, from which ORC counts seconds. */
const baseSeconds = 1_420_070_400

/** Before any time of 64 bits, by whole seconds: from there on all are positive. */
const farPast = 10n ** 19n

/**
 * timestamp: DATA has seconds since 2015, SECONDARY the nanoseconds.
 *
 * Seconds before 1970 are rounded towards 1970 when there is a millisecond or more behind them, and readers undo that: so
 * Java counted, and so all do. It leaves no way to write the last second before 1970 but for its first millisecond: what
 * falls there is read one second later, whoever writes it. The statistics are of what is read.
 */
export class TimestampColumn extends ColumnWriter<TimestampStatistics> {
  #seconds: IntegerRuns
  #nanos: IntegerRuns

  constructor(version: FormatVersion, bloomFilter: BloomFilter | undefined) {
    super({ statistics: () => new TimestampStatistics(), encoding: encodings[version].direct, bloomFilter })
    this.#seconds = this.stream(streamKinds.data, integerRuns(version, true))
    this.#nanos = this.stream(streamKinds.secondary, integerRuns(version, false))
  }

  protected writeValues(values: readonly ColumnValue[], from: number, to: number): void {
    let min = Number.POSITIVE_INFINITY
    let max = Number.NEGATIVE_INFINITY
    for (let i = from; i < to; i++) {
      const micros = values[i] as number | null
      if (micros === null) continue
      let seconds = Math.floor(micros / 1_000_000)
      let fraction = micros - seconds * 1_000_000
      if (!Number.isSafeInteger(micros)) {
        const sinceFarPast = BigInt(micros) + farPast
        seconds = Number((sinceFarPast - farPast - (sinceFarPast % 1_000_000n)) / 1_000_000n)
        fraction = Number(sinceFarPast % 1_000_000n)
      }
      const isLate = seconds === -1 && fraction >= 1000
      const read = isLate ? micros + 1_000_000 : micros
      if (read < min) min = read
      if (read > max) max = read
      this.bloomFilter?.addLong((isLate ? 0 : seconds) * 1000 + Math.floor(fraction / 1000))
      this.#seconds.add(seconds - baseSeconds + (seconds < 0 && fraction >= 1000 ? 1 : 0))
      this.#nanos.add(codedNanos(fraction))
    }
    assert(min >= -(2 ** 63) && max < 2 ** 63, 'a timestamp is of 64 bits')
    this.statistics.add(min, max)
  }
}

/**
 * Nanoseconds of so many microseconds: the number without its zeros at the end, << 3 | zeros - 1. There are three or more
 * here; no more than eight are taken off.
 */
function codedNanos(micros: number): number {
  if (micros === 0) return 0
  let rest = micros
  let zeros = 3
  while (rest % 10 === 0) {
    rest /= 10
    zeros++
  }
  return rest * 8 + zeros - 1
}

/** decimal: DATA has the unscaled values as zigzag varints of any length, SECONDARY the scale of each. */
export class DecimalColumn extends ColumnWriter<DecimalStatistics> {
  #data = this.stream(streamKinds.data, new PlainBytes())
  #scales: IntegerRuns
  #scale: number
  #limit: bigint

  constructor(precision: number, scale: number, version: FormatVersion, bloomFilter: BloomFilter | undefined) {
    super({ statistics: () => new DecimalStatistics(scale), encoding: encodings[version].direct, bloomFilter })
    this.#scales = this.stream(streamKinds.secondary, integerRuns(version, true))
    this.#scale = scale
    this.#limit = 10n ** BigInt(precision)
  }

  protected writeValues(values: readonly ColumnValue[], from: number, to: number): void {
    let min: bigint | undefined
    let max: bigint | undefined
    let sum = 0n
    for (let i = from; i < to; i++) {
      const value = values[i] as bigint | null
      if (value === null) continue
      if (min === undefined || value < min) min = value
      if (max === undefined || value > max) max = value
      sum += value
      this.#data.out.bigVarint(wideZigzag(value))
      this.#scales.add(this.#scale)
      this.bloomFilter?.addText(decimalText(value, this.#scale))
    }
    if (min === undefined || max === undefined) return
    assert(min > -this.#limit && max < this.#limit, 'a decimal has no more digits than its type')
    this.statistics.add(min, max, sum)
  }
}
