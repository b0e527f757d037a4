import type { Clock } from '@millrace/ports'

/*
 * How old entries are, on a clock that may be set wrong. A clock that jumps a year ahead must not let a year of entries
 * expire: a step forward is no time that passed, for what came before it.
 *
 *   given times   ──●──●─────┊    no entry has    ┊──●────●──▶
 *                            atMs                 atMs + byMs
 *
 * Steps are seen by comparing the wall clock with the monotonic one, so only while the process lives: a new process
 * believes the clock that it finds. A machine that was suspended steps forward, too: its entries stay that much longer.
 *
 * Whoever gives entries their times takes them from here, so that each is looked at: two steps that nobody saw may sum
 * to none, and what was given a time between them would be a day too old, or too young.
 */

type ClockStep = { readonly atMs: number; byMs: number }

/** Below this a clock is put right bit by bit, and looking at two clocks may take as long. */
const stepMsMin = 1_000

/** The oldest are taken together beyond this: what came before them stays longer. */
const stepsMax = 100

export class RetentionTime {
  readonly #clock: Clock
  /** The wall clock's time less the monotonic one's, when last looked at. */
  #offsetMs: number
  /** Forward and not taken back, oldest first. */
  #steps: ClockStep[] = []

  constructor(clock: Clock) {
    this.#clock = clock
    this.#offsetMs = clock.nowMs() - clock.monotonicMs()
  }

  /** The wall clock's time, to be given to entries. */
  nowMs(): number {
    const nowMs = this.#clock.nowMs()
    this.#look(nowMs)
    return nowMs
  }

  /** What storage was given before this time is older than a retention. */
  horizonMs(retentionMs: number): number {
    const nowMs = this.nowMs()
    let horizonMs = nowMs - retentionMs
    for (let i = this.#steps.length - 1; i >= 0; i--) {
      const { atMs, byMs } = this.#steps[i]!
      if (horizonMs >= atMs + byMs) break // even what came just after the step is older than that
      horizonMs -= byMs
    }
    return horizonMs
  }

  #look(nowMs: number): void {
    const offsetMs = nowMs - this.#clock.monotonicMs()
    const stepMs = offsetMs - this.#offsetMs
    if (Math.abs(stepMs) < stepMsMin) return // not forgotten: many small ones are a large one in the end
    this.#offsetMs = offsetMs
    if (stepMs < 0) this.#stepBack(-stepMs)
    else this.#stepForward(stepMs, nowMs)
  }

  /** Takes back what was ahead. */
  #stepBack(ms: number): void {
    let left = ms
    for (let newest = this.#steps.at(-1); newest && left > 0; newest = this.#steps.at(-1)) {
      const taken = Math.min(newest.byMs, left)
      newest.byMs -= taken
      left -= taken
      if (newest.byMs === 0) this.#steps.pop()
    }
  }

  /** Also when the clock was behind before: what came meanwhile was given times that are too early. */
  #stepForward(byMs: number, nowMs: number): void {
    this.#steps.push({ atMs: nowMs - byMs, byMs })
    if (this.#steps.length <= stepsMax) return
    const [oldest, second] = this.#steps as [ClockStep, ClockStep]
    this.#steps.splice(0, 2, { atMs: second.atMs, byMs: oldest.byMs + second.byMs })
  }
}
