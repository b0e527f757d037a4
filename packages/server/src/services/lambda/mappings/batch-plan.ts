import assert from 'node:assert/strict'

/*
 * What becomes of a batch: which of its records the function gets next, and which are given up. It knows nothing of
 * functions, clocks or streams, and holds only numbers.
 *
 *   a batch is a row of pieces    [ done …  | piece | piece | piece ]
 *   the first is invoked          success: it is done    part of it failed: what is before the failure is done
 *   it failed                     bisecting: two pieces, and no retry is counted    else: one more retry
 *   retries or age are used up    it is given up, and the next piece follows
 */

export type PlanSettings = {
  /** Retries after the first failure; infinite for no bound. */
  readonly retriesMax: number
  /** An older record is given up, in milliseconds. */
  readonly ageMsMax: number
  readonly bisectsOnError: boolean
}

export type GiveUpCondition = 'RetryAttemptsExhausted' | 'RecordAgeExceeded'

/** Records `from` up to but not including `to`. */
export type Step =
  | { readonly do: 'invoke'; readonly from: number; readonly to: number; readonly pauseMs: number }
  | {
      readonly do: 'giveUp'
      readonly from: number
      readonly to: number
      readonly condition: GiveUpCondition
      readonly invokeCount: number
    }

type Piece = {
  readonly from: number
  readonly to: number
  /** Failures that count against the retries. */
  readonly failures: number
  readonly invokeCount: number
}

/** The pause before a retry: twice as long each time. */
const firstPauseMs = 200
const pauseMsMax = 60_000

export class BatchPlan {
  readonly #arrivedAtMs: readonly number[]
  readonly #settings: PlanSettings
  /** In order; together they are all that is not done. */
  #pieces: Piece[]
  #step: Step | undefined
  /** Failures in a row without any progress, also such that do not count as retries. */
  #vain = 0

  /** @param arrivedAtMs of each record of the batch, never falling */
  constructor(arrivedAtMs: readonly number[], settings: PlanSettings) {
    this.#arrivedAtMs = arrivedAtMs
    this.#settings = settings
    this.#pieces = [{ from: 0, to: arrivedAtMs.length, failures: 0, invokeCount: 0 }]
  }

  /** What to do now; undefined when all records are done or given up. */
  next(nowMs: number): Step | undefined {
    const piece = this.#pieces[0]
    if (!piece) return undefined
    const { from, to, failures, invokeCount } = piece
    const { ageMsMax, retriesMax } = this.#settings
    const oldestMs = nowMs - ageMsMax
    let fresh = from
    while (fresh < to && this.#arrivedAtMs[fresh]! < oldestMs) fresh++
    if (fresh > from) this.#step = { do: 'giveUp', from, to: fresh, condition: 'RecordAgeExceeded', invokeCount }
    else if (failures > retriesMax)
      this.#step = { do: 'giveUp', from, to, condition: 'RetryAttemptsExhausted', invokeCount }
    else {
      // A pause ends when the first record becomes too old: those behind it may still be young enough.
      const pauseMs = Math.min(pauseMsAfter(this.#vain), this.#arrivedAtMs[from]! - oldestMs + 1)
      this.#step = { do: 'invoke', from, to, pauseMs }
    }
    return this.#step
  }

  /** The step was done. */
  done(): void {
    this.#advance(this.#taken().to)
    this.#vain = 0
  }

  /** The function reported that it failed from a record of the step on; those before it are done. */
  failedFrom(index: number): void {
    const { from, to } = this.#taken()
    assert(index >= from && index < to, 'a failed record is one of those that were invoked')
    if (index === from) {
      this.#fail()
      return
    }
    const { failures, invokeCount } = this.#pieces[0]!
    this.#advance(index)
    this.#vain = 0
    // The batch was split at the failure, which with bisecting is no retry.
    const counted = this.#settings.bisectsOnError ? failures : failures + 1
    this.#pieces[0] = { from: index, to, failures: counted, invokeCount: invokeCount + 1 }
  }

  /** The function failed; `counts` is false when it could not be asked at all. */
  failed(counts: boolean): void {
    this.#taken()
    if (counts) this.#fail()
    else this.#vain++
  }

  #fail(): void {
    const { from, to, failures, invokeCount } = this.#pieces[0]!
    const rest = this.#pieces.slice(1)
    if (this.#settings.bisectsOnError && to - from > 1) {
      const middle = from + Math.ceil((to - from) / 2)
      const half = { failures, invokeCount: invokeCount + 1 }
      this.#pieces = [{ from, to: middle, ...half }, { from: middle, to, ...half }, ...rest]
      this.#vain = 0
      return
    }
    this.#pieces = [{ from, to, failures: failures + 1, invokeCount: invokeCount + 1 }, ...rest]
    this.#vain++
  }

  /** Takes the step that was given: each is answered once. */
  #taken(): Step {
    const step = this.#step
    assert(step, 'a step is answered after it was given')
    this.#step = undefined
    return step
  }

  #advance(to: number): void {
    const [first, ...rest] = this.#pieces
    this.#pieces = first!.to === to ? rest : [{ ...first!, from: to }, ...rest]
  }
}

const pauseMsAfter = (failures: number): number =>
  failures === 0 ? 0 : Math.min(pauseMsMax, firstPauseMs * 2 ** Math.min(failures - 1, 20))
