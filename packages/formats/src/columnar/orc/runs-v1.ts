import { GrowingBytes } from './growing-bytes.ts'
import type { IntegerRuns } from './stream-encoder.ts'
import { narrowMax, writeVarint } from './zigzag.ts'

const runMin = 3
const runMax = 130
const literalsMax = 128

/*
 * Whole numbers as Hive 0.11 wrote them; a varint is zigzag where the stream is signed:
 *
 *   run        length - 3: 0..127    step: -128..127    first: varint
 *   literals   -length: -1..-128     values: varint each
 */
export class RunsV1 implements IntegerRuns {
  readonly out = new GrowingBytes()
  readonly counters = 1
  #signed: boolean
  #literals = new Float64Array(literalsMax + 1)
  #count = 0
  /** The step between the last ones, and how many of them go by it. */
  #step = 0
  #stepping = 0
  /** In a run: its first and last, and how many there are; else its length is 0. */
  #first = 0
  #last = 0
  #runLength = 0

  constructor(signed: boolean) {
    this.#signed = signed
  }

  add(value: number | bigint): void {
    if (typeof value === 'bigint' || value > narrowMax || value < -narrowMax) {
      this.#addWide(BigInt(value))
    } else if (this.#runLength > 0) {
      this.#continueRun(value)
    } else {
      this.#addLiteral(value)
    }
  }

  flush(): void {
    if (this.#runLength > 0) {
      this.out.u8(this.#runLength - runMin)
      this.out.u8(this.#step & 0xff)
      writeVarint(this.out, this.#first, this.#signed)
    } else {
      this.#writeLiterals(this.#count)
    }
    this.#reset()
  }

  clear(): void {
    this.out.clear()
    this.#reset()
  }

  #continueRun(value: number): void {
    if (value === this.#last + this.#step && this.#runLength < runMax) {
      this.#last = value
      this.#runLength++
    } else {
      this.flush()
      this.#addLiteral(value)
    }
  }

  #addLiteral(value: number): void {
    const last = this.#literals[this.#count - 1]
    const step = last === undefined ? Number.NaN : value - last
    if (this.#stepping > 1 && step === this.#step) this.#stepping++
    else this.#stepping = step >= -128 && step <= 127 ? 2 : 1
    this.#step = step
    this.#literals[this.#count++] = value
    if (this.#stepping === runMin) this.#beginRun(value)
    else if (this.#count === literalsMax) this.flush()
  }

  /** The last ones make a run: those before them go first. */
  #beginRun(last: number): void {
    this.#writeLiterals(this.#count - runMin)
    this.#first = this.#literals[this.#count - runMin]!
    this.#last = last
    this.#runLength = runMin
    this.#count = 0
  }

  #writeLiterals(count: number): void {
    if (count === 0) return
    this.out.u8(256 - count)
    for (let i = 0; i < count; i++) writeVarint(this.out, this.#literals[i]!, this.#signed)
  }

  /** One that only a bigint holds: alone. */
  #addWide(value: bigint): void {
    this.flush()
    this.out.u8(256 - 1)
    writeVarint(this.out, value, this.#signed)
  }

  #reset(): void {
    this.#count = 0
    this.#stepping = 0
    this.#runLength = 0
  }
}
