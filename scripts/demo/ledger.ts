import type { Flight } from './flights.ts'

/** What travels: the flight, its place in the whole input, and when it was sent. */
export type Event = Flight & { readonly number: number; readonly sentAtMs: number }

const text = new TextDecoder()

/** Milliseconds since 1970, with a fraction. */
export const nowMs = () => performance.timeOrigin + performance.now()

/**
 * What a reader got, checked as it comes: every event once, and those of a key in the order of the input. Numbers rise
 * in the input, so they must rise for each key.
 */
export class Ledger {
  readonly name: string
  readonly delaysMs: Float64Array
  readonly countByShard = new Map<string, number>()
  count = 0
  duplicates = 0
  outOfOrder = 0
  readonly #completed = new AbortController()
  readonly #seen: Uint8Array
  readonly #lastOfKey = new Map<string, number>()

  constructor(name: string, total: number) {
    this.name = name
    this.delaysMs = new Float64Array(total)
    this.#seen = new Uint8Array(total)
  }

  /** Aborts once every event has come. */
  get completed(): AbortSignal {
    return this.#completed.signal
  }

  get isComplete(): boolean {
    return this.count === this.#seen.length
  }

  /** Events of the input that never came. */
  get missing(): number {
    return this.#seen.length - this.count
  }

  take(shardId: string, data: Uint8Array): void {
    const arrivedAtMs = nowMs()
    const event = JSON.parse(text.decode(data)) as Event
    if (this.#seen[event.number]) {
      this.duplicates++
      return
    }
    this.#seen[event.number] = 1
    if ((this.#lastOfKey.get(event.origin) ?? -1) > event.number) this.outOfOrder++
    else this.#lastOfKey.set(event.origin, event.number)
    this.delaysMs[this.count++] = arrivedAtMs - event.sentAtMs
    this.countByShard.set(shardId, (this.countByShard.get(shardId) ?? 0) + 1)
    if (this.isComplete) this.#completed.abort()
  }

  /** The propagation delay that `share` of the events kept within, in milliseconds. */
  delayMs(share: number): number {
    const sorted = this.delaysMs.subarray(0, this.count).toSorted()
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
  }
}
