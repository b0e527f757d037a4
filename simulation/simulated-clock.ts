import type { Clock } from '@millrace/ports'

/** What the clock said at one moment. */
export type ClockReading = {
  readonly nowMs: number
  readonly monotonicMs: number
  /** What the wall clock would say if nobody had set it since the storage was opened. */
  readonly unsetMs: number
  /** Somebody has set it since then, be it back again. */
  readonly wasSet: boolean
}

/** A clock that stands still until time passes, or somebody sets it. */
export class SimulatedClock implements Clock {
  #nowMs: number
  #monotonicMs: number
  #openedOffsetMs: number
  #wasSet = false
  #sleepers: { readonly atMs: number; readonly wake: () => void }[] = []

  constructor(nowMs = Date.UTC(2026, 0, 1), monotonicMs = 0) {
    this.#nowMs = nowMs
    this.#monotonicMs = monotonicMs
    this.#openedOffsetMs = nowMs - monotonicMs
  }

  nowMs(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#monotonicMs
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      signal?.addEventListener('abort', () => resolve(), { once: true })
      this.#sleepers.push({ atMs: this.#monotonicMs + ms, wake: resolve })
    })
  }

  after(ms: number, callback: () => void): () => void {
    const sleeper = { atMs: this.#monotonicMs + ms, wake: callback }
    this.#sleepers.push(sleeper)
    return () => {
      this.#sleepers = this.#sleepers.filter((other) => other !== sleeper)
    }
  }

  get reading(): ClockReading {
    const unsetMs = this.#monotonicMs + this.#openedOffsetMs
    return { nowMs: this.#nowMs, monotonicMs: this.#monotonicMs, unsetMs, wasSet: this.#wasSet }
  }

  /** A storage is opened: it believes the wall clock as it is. */
  opened(): void {
    this.#openedOffsetMs = this.#nowMs - this.#monotonicMs
    this.#wasSet = false
  }

  /** Time passes. Who sleeps wakes once, however long it was. */
  pass(ms: number): void {
    this.#nowMs += ms
    this.#monotonicMs += ms
    const due = this.#sleepers.filter(({ atMs }) => atMs <= this.#monotonicMs)
    this.#sleepers = this.#sleepers.filter(({ atMs }) => atMs > this.#monotonicMs)
    for (const { wake } of due) wake()
  }

  /** Somebody sets the wall clock. */
  set(byMs: number): void {
    this.#nowMs += byMs
    this.#wasSet = true
  }
}
