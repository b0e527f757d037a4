import { type Clock, foregroundClock } from '@millrace/ports'

/** Where ids are kept of what has been done. */
export interface DeduplicationStore {
  /** Claims an id: 'begun' for the caller to do it, 'done' when it was done before, 'busy' while another is at it. */
  begin(id: string): Promise<'begun' | 'done' | 'busy'>
  /** It is done. */
  finish(id: string): Promise<void>
  /** It was not done after all. */
  abandon(id: string): Promise<void>
}

/**
 * Does things once, though their records come at least once. The id must be the same whenever the same record comes: the
 * producer's own id, or sequence number and sub-sequence number.
 */
export class Deduplicator {
  readonly #store: DeduplicationStore
  readonly #clock: Clock
  readonly #underWay = new Map<string, Promise<unknown>>()

  constructor(store: DeduplicationStore, { clock = foregroundClock }: { readonly clock?: Clock } = {}) {
    this.#store = store
    this.#clock = clock
  }

  /**
   * Runs `work`, unless it was done before. True when it ran. While another worker is at the same id, it waits for him: until
   * he is done, or his claim has run out because he died. When `work` throws, the id is free again, and so does this.
   *
   * Between the end of `work` and the note that it is done lies a moment: who dies there leaves it to be done twice. Only a
   * `work` that writes its result and the id in one transaction is free of it.
   */
  async once(id: string, work: () => Promise<void> | void): Promise<boolean> {
    for (let pauseMs = pauseFirstMs; ; pauseMs = Math.min(2 * pauseMs, pauseMostMs)) {
      const other = this.#underWay.get(id)
      if (other) await other.catch(() => {})
      else {
        const attempt = this.#attempt(id, work)
        this.#underWay.set(id, attempt)
        const state = await attempt.finally(() => this.#underWay.delete(id))
        if (state !== 'busy') return state === 'begun'
        await this.#clock.sleep(pauseMs)
      }
    }
  }

  async #attempt(id: string, work: () => Promise<void> | void): Promise<'begun' | 'done' | 'busy'> {
    const state = await this.#store.begin(id)
    if (state !== 'begun') return state
    try {
      await work()
    } catch (error) {
      // The error that counts is the work's; an id that is not freed now is free when its claim has run out.
      await this.#store.abandon(id).catch(() => {})
      throw error
    }
    await this.#store.finish(id)
    return state
  }
}

const pauseFirstMs = 50
const pauseMostMs = 2000

/** The last ids of this process: against repeats after a retry, not after a restart. */
export class MemoryDeduplicationStore implements DeduplicationStore {
  readonly #idsMax: number
  /** In the order of their coming: the oldest goes first. */
  readonly #states = new Map<string, 'busy' | 'done'>()

  /** Keeps at most `idsMax` ids. */
  constructor({ idsMax = 100_000 }: { readonly idsMax?: number } = {}) {
    this.#idsMax = idsMax
  }

  async begin(id: string): Promise<'begun' | 'done' | 'busy'> {
    const state = this.#states.get(id)
    if (state) return state
    this.#states.set(id, 'busy')
    return 'begun'
  }

  async finish(id: string): Promise<void> {
    this.#states.delete(id)
    this.#states.set(id, 'done')
    for (const [oldest, state] of this.#states) {
      if (this.#states.size <= this.#idsMax || state === 'busy') return
      this.#states.delete(oldest)
    }
  }

  async abandon(id: string): Promise<void> {
    this.#states.delete(id)
  }
}
