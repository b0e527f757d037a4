import { Distribution } from './distribution.ts'

/** What was put for one metric and unit in one minute, or one second: it can be added to, and points to each other. */
export class Point {
  count = 0
  sum = 0
  minimum = Number.POSITIVE_INFINITY
  maximum = Number.NEGATIVE_INFINITY
  /** Undefined once a set came whose values are not known: then there are no percentiles. */
  distribution: Distribution | undefined = new Distribution()

  addValue(value: number, count = 1): void {
    this.#widen(count, value * count, value, value)
    this.distribution?.add(value, count)
  }

  /** Statistics that someone made of values. If all of those were alike, they are known after all. */
  addSet(count: number, sum: number, minimum: number, maximum: number): void {
    if (minimum === maximum) this.addValue(minimum, count)
    else {
      this.#widen(count, sum, minimum, maximum)
      this.distribution = undefined
    }
  }

  merge(other: Point): void {
    this.#widen(other.count, other.sum, other.minimum, other.maximum)
    if (!other.distribution) this.distribution = undefined
    else this.distribution?.merge(other.distribution)
  }

  #widen(count: number, sum: number, minimum: number, maximum: number): void {
    this.count += count
    this.sum += sum
    if (minimum < this.minimum) this.minimum = minimum
    if (maximum > this.maximum) this.maximum = maximum
  }
}
