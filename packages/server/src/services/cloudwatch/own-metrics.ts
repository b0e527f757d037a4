import type { MetricSource } from '../../core/ports/metrics.ts'
import type { PointStore } from './point-store.ts'
import { type Unit, units } from './units.ts'

/**
 * What Millrace counts of itself, as metrics of AWS's namespaces: not at each request, which would cost it, but once in the
 * minute after the first of them, and when someone asks.
 */
export class OwnMetrics {
  readonly #sources: ReadonlyMap<string, MetricSource>
  readonly #store: PointStore

  constructor(sources: ReadonlyMap<string, MetricSource>, store: PointStore) {
    this.#sources = sources
    this.#store = store
  }

  /** Takes over what was counted since the last time. Counts that found no room for a new metric are left out. */
  collect(nowMs: number): void {
    if (this.#store.isFull) return
    const startS = Math.floor(nowMs / 60_000) * 60
    for (const [namespace, source] of this.#sources)
      for (const { metric, dimensions, unit, count, sum, minimum, maximum } of source.take()) {
        const known = this.#store.directory.touch({ namespace, metricName: metric, dimensions }, nowMs)
        if (!known) continue
        const place = { series: known.id, unit: units.indexOf(unit as Unit), startS, isSecond: false }
        this.#store.pointAt(place).addSet(count, sum, minimum, maximum)
      }
  }
}
