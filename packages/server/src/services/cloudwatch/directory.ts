import { retentionMs, seriesMax } from './limits.ts'
import { idOf, keyOf, type Series, type SeriesId } from './series.ts'

/** A series that data was put for. */
export type Known = Series & {
  readonly id: SeriesId
  readonly key: string
  /** When its latest data point came, in milliseconds; after a restart at most half a day too early. */
  seenMs: number
  /** When storage was last told of it; 0 if never. */
  writtenMs: number
}

/** Storage is told of a series that has new data again after this time: what is kept of it must outlive its data. */
export const rewriteMs = retentionMs / 30

/** All series with data within the retention. */
export class Directory {
  readonly #byKey = new Map<string, Known>()

  /** Undefined if it is new and there is no room for it. */
  touch(series: Series, nowMs: number): Known | undefined {
    const key = keyOf(series)
    let known = this.#byKey.get(key)
    if (!known) {
      if (this.#byKey.size >= seriesMax) this.expire(nowMs)
      if (this.#byKey.size >= seriesMax) return undefined
      known = { ...series, key, id: idOf(key), seenMs: nowMs, writtenMs: 0 }
      this.#byKey.set(key, known)
    }
    known.seenMs = Math.max(known.seenMs, nowMs)
    return known
  }

  /** How many of these are new. */
  newAmong(all: readonly Series[]): number {
    return new Set(all.map(keyOf).filter((key) => !this.#byKey.has(key))).size
  }

  /** Is there room for so many new ones? */
  hasRoomFor(count: number, nowMs: number): boolean {
    if (this.#byKey.size + count > seriesMax) this.expire(nowMs)
    return this.#byKey.size + count <= seriesMax
  }

  /** One that storage told of. */
  restore(series: Series, seenMs: number): void {
    const key = keyOf(series)
    const known = this.#byKey.get(key) ?? { ...series, key, id: idOf(key), seenMs, writtenMs: seenMs }
    known.seenMs = Math.max(known.seenMs, seenMs)
    known.writtenMs = Math.max(known.writtenMs, seenMs)
    this.#byKey.set(key, known)
  }

  find(series: Series): Known | undefined {
    return this.#byKey.get(keyOf(series))
  }

  /** Those that storage must be told of, for the first time or again. */
  unwritten(): Known[] {
    return [...this.#byKey.values()].filter(({ seenMs, writtenMs }) => seenMs > writtenMs + rewriteMs)
  }

  /** In order of key. */
  sorted(): Known[] {
    return [...this.#byKey.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
  }

  /** Series whose data is older than what is kept. */
  expire(nowMs: number): void {
    for (const [key, { seenMs }] of this.#byKey) if (seenMs < nowMs - retentionMs) this.#byKey.delete(key)
  }
}
