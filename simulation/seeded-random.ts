/** Chance that a seed decides: the same seed gives the same numbers, on every machine. (xorshift128) */
export class SeededRandom {
  #a: number
  #b: number
  #c: number
  #d: number

  constructor(seed: number) {
    let mixed = seed >>> 0
    const word = () => {
      mixed = (mixed + 0x9e3779b9) >>> 0
      let bits = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
      bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
      return (bits ^ (bits >>> 16)) >>> 0
    }
    this.#a = word()
    this.#b = word()
    this.#c = word()
    this.#d = word() | 1 // all zeros would stay zeros
  }

  /** 0 to 2^32 - 1. */
  next(): number {
    const mixed = this.#a ^ (this.#a << 11)
    this.#a = this.#b
    this.#b = this.#c
    this.#c = this.#d
    this.#d = (this.#d ^ (this.#d >>> 19) ^ mixed ^ (mixed >>> 8)) >>> 0
    return this.#d
  }

  /** A whole number from 0 to `limit - 1`. */
  below(limit: number): number {
    return Math.floor((this.next() / 2 ** 32) * limit)
  }

  chance(probability: number): boolean {
    return this.next() < probability * 2 ** 32
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!
  }

  /** Chance of its own for a part, so that what it takes does not change what others get. */
  fork(): SeededRandom {
    return new SeededRandom(this.next())
  }
}
