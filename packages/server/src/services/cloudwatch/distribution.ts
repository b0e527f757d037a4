/*
 * Which values were seen, and how often: what percentiles are made of. Few values are kept as they are; of many, those
 * that lie within a few percent of each other are kept as one, as CloudWatch's own histograms do.
 */

/** How many values are kept apart at each step of precision: exactly, within 1 %, within 5 %. */
const distinctMax = [160, 200, Number.POSITIVE_INFINITY] as const
const relativeError = [0, 0.01, 0.05] as const

export type Precision = 0 | 1 | 2

export class Distribution {
  #precision: Precision
  #counts: Map<number, number>

  constructor(precision: Precision = 0, counts: Iterable<readonly [number, number]> = []) {
    this.#precision = precision
    this.#counts = new Map(counts)
  }

  get precision(): Precision {
    return this.#precision
  }

  /** Value → how often. */
  get counts(): ReadonlyMap<number, number> {
    return this.#counts
  }

  add(value: number, count: number): void {
    const kept = rounded(value, this.#precision)
    this.#counts.set(kept, (this.#counts.get(kept) ?? 0) + count)
    while (this.#counts.size > distinctMax[this.#precision]) this.#coarsen((this.#precision + 1) as Precision)
  }

  merge(other: Distribution): void {
    if (other.#precision > this.#precision) this.#coarsen(other.#precision)
    for (const [value, count] of other.#counts) this.add(value, count)
  }

  /** Value and count, from the smallest value on. */
  sorted(): [number, number][] {
    return [...this.#counts].sort(([a], [b]) => a - b)
  }

  #coarsen(precision: Precision): void {
    const finer = this.#counts
    this.#precision = precision
    this.#counts = new Map()
    for (const [value, count] of finer) {
      const kept = rounded(value, precision)
      this.#counts.set(kept, (this.#counts.get(kept) ?? 0) + count)
    }
  }
}

/** The value that stands for all that lie as near to it as the precision says: powers of one base. */
function rounded(value: number, precision: Precision): number {
  if (precision === 0 || value === 0) return value
  const base = Math.log1p(2 * relativeError[precision])
  return Math.sign(value) * Math.exp(Math.round(Math.log(Math.abs(value)) / base) * base)
}
