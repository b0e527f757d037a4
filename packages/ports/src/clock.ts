/** Time comes in by the door: nothing below `main.ts` reads the machine's clock or sets a timer by itself. */
export interface Clock {
  /** Milliseconds since 1970. May go backwards, as machines' clocks do. */
  nowMs(): number
  /** Milliseconds from an arbitrary start, with a fraction; never goes backwards. For delays and rates. */
  monotonicMs(): number
  /** Resolves after `ms`, or at once when `signal` aborts (it never rejects: look at the signal afterwards). */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Calls back after `ms`, unless what it returns was called before: cheaper than a sleep, where nobody waits. */
  after(ms: number, callback: () => void): () => void
}

/** The machine's clock. A sleep does not keep the process alive: for a server, which its sockets keep alive. */
export const systemClock: Clock = machineClock((timer) => timer.unref())

/** The machine's clock, for libraries: while someone sleeps for a record's sake, the process does not end. */
export const foregroundClock: Clock = machineClock((timer) => timer)

function machineClock(started: (timer: NodeJS.Timeout) => NodeJS.Timeout): Clock {
  return {
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve()
        const wake = () => {
          clearTimeout(timer)
          signal?.removeEventListener('abort', wake)
          resolve()
        }
        const timer = started(setTimeout(wake, Math.min(ms, timerMsMax)))
        signal?.addEventListener('abort', wake, { once: true })
      }),
    after(ms, callback) {
      const timer = started(setTimeout(callback, Math.min(ms, timerMsMax)))
      return () => clearTimeout(timer)
    },
  }
}

/** Node's timers hold 31 bits; a longer sleep ends early, and its loop sleeps again. */
const timerMsMax = 2 ** 31 - 1

/**
 * A clock that stands still until it is moved: a month passes in milliseconds.
 *
 * `advance` wakes sleepers in the order of their time, and lets what they do settle before the next one wakes.
 */
export class ManualClock implements Clock {
  #nowMs: number
  #monotonicMs = 0
  #sleepers: { atMs: number; wake: () => void }[] = []

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs
  }

  nowMs(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#monotonicMs
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted || ms <= 0) return resolve()
      const sleeper = { atMs: this.#monotonicMs + ms, wake: () => this.#wake(sleeper, signal, resolve) }
      signal?.addEventListener('abort', sleeper.wake, { once: true })
      this.#sleepers.push(sleeper)
    })
  }

  after(ms: number, callback: () => void): () => void {
    const stopped = new AbortController()
    void this.sleep(ms, stopped.signal).then(() => {
      if (!stopped.signal.aborted) callback()
    })
    return () => stopped.abort()
  }

  /** Moves time on by `ms`. Resolves when all who were due have run and what they began has settled. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#monotonicMs + ms
    for (;;) {
      await settle()
      const due = this.#sleepers.filter((sleeper) => sleeper.atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0]
      if (!due) break
      this.#move(Math.max(0, due.atMs - this.#monotonicMs))
      due.wake()
    }
    this.#move(endMs - this.#monotonicMs)
    await settle()
  }

  /** Sets the wall clock, also backwards, as an operator or NTP does: `monotonicMs` and sleepers do not notice. */
  setWallClock(nowMs: number): void {
    this.#nowMs = nowMs
  }

  #move(ms: number): void {
    this.#nowMs += ms
    this.#monotonicMs += ms
  }

  #wake(sleeper: { wake: () => void }, signal: AbortSignal | undefined, resolve: () => void): void {
    this.#sleepers = this.#sleepers.filter((other) => other !== sleeper)
    signal?.removeEventListener('abort', sleeper.wake)
    resolve()
  }
}

/** Lets promises, immediates and finished I/O run: a few turns of the event loop. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}
