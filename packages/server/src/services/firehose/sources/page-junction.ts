import type { SourcePage } from './source.ts'

/** Makes the pages of one read when their turn has come: what an aggregate holds may be much more than itself. */
export type Offer = () => Iterable<SourcePage>

type Waiting = { readonly offer: Offer; readonly taken: (isTaken: boolean) => void }

/**
 * Where the pages of many shards become one row of pages, first come, first served. Whoever offers some waits until they are
 * taken, so that no more than one read of each shard is in memory.
 */
export class PageJunction {
  #waiting: Waiting[] = []
  #wake = () => {}
  #isEnded = false
  #error: unknown

  /** Resolves when the pages are taken; false if nobody will take them any more. */
  offer(offer: Offer): Promise<boolean> {
    if (this.#isEnded) return Promise.resolve(false)
    return new Promise((taken) => {
      this.#waiting.push({ offer, taken })
      this.#wake()
    })
  }

  /** Nothing more is offered or taken: what still waits is dropped. With an error, whoever takes pages gets it. */
  end(error?: unknown): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#error = error
    for (const { taken } of this.#waiting) taken(false)
    this.#waiting = []
    this.#wake()
  }

  async *pages(): AsyncIterable<SourcePage> {
    for (;;) {
      const next = this.#waiting.shift()
      if (next) {
        next.taken(true)
        yield* next.offer()
      } else if (this.#isEnded) {
        if (this.#error !== undefined) throw this.#error
        return
      } else
        await new Promise<void>((wake) => {
          this.#wake = wake
        })
    }
  }
}
