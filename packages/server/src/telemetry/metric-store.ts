import type { Dimensions, MetricUnit } from '@millrace/ports'
import type { MetricSink, MetricSource, Observed } from '../core/ports/metrics.ts'

/** One metric of one resource: what was observed since the server started, and since it was last taken. */
export type Series = {
  readonly metric: string
  readonly dimensions: Dimensions
  readonly unit: MetricUnit
  count: number
  sum: number
  last: number
  takenCount: number
  takenSum: number
  /** Of what was observed since it was last taken. */
  minimum: number
  maximum: number
}

/** Series kept at once. Beyond it new ones are counted as dropped: a client cannot fill the memory with stream names. */
export const seriesMax = 200_000

/** Counts what the services observe, by CloudWatch's names and dimensions. */
export class MetricStore implements MetricSink, MetricSource {
  readonly #series = new Map<string, Series>()
  /** Those with observations that nobody took yet. */
  #touched: Series[] = []
  #listener = () => {}
  /** Observations that found no room. */
  dropped = 0

  record(metric: string, dimensions: Dimensions, value: number, unit: MetricUnit): void {
    const key = keyOf(metric, dimensions)
    let series = this.#series.get(key)
    if (!series) {
      if (this.#series.size >= seriesMax) {
        this.dropped++
        return
      }
      series = { ...nothing, metric, dimensions, unit }
      this.#series.set(key, series)
    }
    if (series.count === series.takenCount) {
      series.minimum = value
      series.maximum = value
      if (this.#touched.push(series) === 1) this.#listener()
    } else if (value < series.minimum) series.minimum = value
    else if (value > series.maximum) series.maximum = value
    series.count++
    series.sum += value
    series.last = value
  }

  forget(dimensions: Dimensions): void {
    const wanted = Object.entries(dimensions)
    for (const [key, series] of this.#series) {
      if (wanted.every(([name, value]) => series.dimensions[name] === value)) this.#series.delete(key)
    }
  }

  all(): Iterable<Readonly<Series>> {
    return this.#series.values()
  }

  take(): Observed[] {
    const touched = this.#touched
    this.#touched = []
    return touched.map((series) => {
      const { metric, dimensions, unit, minimum, maximum } = series
      const count = series.count - series.takenCount
      const sum = series.sum - series.takenSum
      series.takenCount = series.count
      series.takenSum = series.sum
      return { metric, dimensions, unit, count, sum, minimum, maximum }
    })
  }

  listen(listener: () => void): void {
    this.#listener = listener
  }
}

const nothing = { count: 0, sum: 0, last: 0, takenCount: 0, takenSum: 0, minimum: 0, maximum: 0 }

function keyOf(metric: string, dimensions: Dimensions): string {
  let key = metric
  for (const name in dimensions) key += `\n${name}=${dimensions[name]}`
  return key
}
