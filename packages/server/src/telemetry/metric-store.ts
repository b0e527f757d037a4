import type { Dimensions, MetricUnit } from '@millrace/ports'
import type { MetricSink } from '../core/ports.ts'

/** One metric of one resource: what was observed since the server started. */
export type Series = {
  readonly metric: string
  readonly dimensions: Dimensions
  readonly unit: MetricUnit
  count: number
  sum: number
  last: number
}

/** Series kept at once. Beyond it new ones are counted as dropped: a client cannot fill the memory with stream names. */
export const seriesMax = 200_000

/** Counts what the services observe, by CloudWatch's names and dimensions. */
export class MetricStore implements MetricSink {
  readonly #series = new Map<string, Series>()
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
      series = { metric, dimensions, unit, count: 0, sum: 0, last: 0 }
      this.#series.set(key, series)
    }
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
}

function keyOf(metric: string, dimensions: Dimensions): string {
  let key = metric
  for (const name in dimensions) key += `\n${name}=${dimensions[name]}`
  return key
}
