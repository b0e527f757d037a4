import { GrowingBytes } from './growing-bytes.ts'
import { writeRepeat, writeRun } from './run-encodings.ts'
import type { IntegerRuns } from './stream-encoder.ts'
import { writeWideRun } from './wide-runs.ts'
import { narrowMax } from './zigzag.ts'

/** In one run at most. */
const runMax = 512
/** Fewer alike cost less among others than as a run of their own, with another header behind it. */
const repeatsMin = 5

/*
 * Whole numbers as Hive 0.12 and later write them, in runs of up to 512. This gathers a run's numbers: all alike, or
 * others; run-encodings.ts chooses how it is written.
 */
export class RunsV2 implements IntegerRuns {
  readonly out = new GrowingBytes()
  readonly counters = 1
  #signed: boolean
  #values = new Float64Array(runMax)
  #count = 0
  /** How many at the end are alike; where that is `repeatsMin` or more, all are. */
  #alike = 0
  /** Numbers of a run with one that only a bigint holds. */
  #wide: bigint[] = []

  constructor(signed: boolean) {
    this.#signed = signed
  }

  add(value: number | bigint): void {
    if (typeof value === 'bigint' || value > narrowMax || value < -narrowMax || this.#wide.length > 0) {
      this.#addWide(BigInt(value))
      return
    }
    const values = this.#values
    const count = this.#count
    if (count > 0 && values[count - 1] === value) {
      values[count] = value
      this.#count = count + 1
      this.#alike++
      if (this.#alike === repeatsMin && count >= repeatsMin) this.#beginRepeat(value)
    } else {
      if (this.#alike >= repeatsMin) this.flush()
      values[this.#count++] = value
      this.#alike = 1
    }
    if (this.#count === runMax) this.flush()
  }

  flush(): void {
    if (this.#wide.length > 0) {
      writeWideRun(this.#wide, this.#signed, this.out)
      this.#wide = []
    } else if (this.#count >= 3 && this.#alike === this.#count) {
      writeRepeat(this.#values[0]!, this.#count, this.#signed, this.out)
    } else if (this.#count > 0) {
      writeRun(this.#values, this.#count, this.#signed, this.out)
    }
    this.#count = 0
    this.#alike = 0
  }

  clear(): void {
    this.out.clear()
    this.#wide = []
    this.#count = 0
    this.#alike = 0
  }

  /** The last ones are alike: those before them go first. */
  #beginRepeat(value: number): void {
    writeRun(this.#values, this.#count - repeatsMin, this.#signed, this.out)
    this.#values.fill(value, 0, repeatsMin)
    this.#count = repeatsMin
  }

  #addWide(value: bigint): void {
    if (this.#wide.length === 0) this.flush()
    this.#wide.push(value)
    if (this.#wide.length === runMax) this.flush()
  }
}
