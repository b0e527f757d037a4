import type { Appended } from '../log.ts'

/** What became of the appends of one call: told when all of it is known. */
export class Outcomes {
  readonly #all: (Appended | Error)[]
  readonly #done: (all: readonly (Appended | Error)[]) => void
  #left: number

  constructor(count: number, done: (all: readonly (Appended | Error)[]) => void) {
    this.#all = new Array<Appended | Error>(count)
    this.#done = done
    this.#left = count
  }

  set(index: number, outcome: Appended | Error): void {
    this.#all[index] = outcome
    if (--this.#left === 0) this.#done(this.#all)
  }
}
