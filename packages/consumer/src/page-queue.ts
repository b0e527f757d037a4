import type { KinesisRecord } from '@millrace/formats'

/** What one read gave. */
export type Page = {
  readonly records: readonly KinesisRecord[]
  readonly millisBehindLatest: number
  readonly bytes: number
}

/** A child of a shard that was split or merged. */
export type ChildShard = {
  readonly shardId: string
  readonly parentShardIds: readonly string[]
  readonly hashKeyRange: { readonly start: string; readonly end: string } | undefined
}

export type PageQueueLimits = { readonly bytesMax: number; readonly recordsMax: number }

/** What all shards of a worker may have read ahead together. */
export class PrefetchBudget {
  readonly #bytesMax: number
  #bytes = 0
  #waiting: (() => void)[] = []

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get isSpent(): boolean {
    return this.#bytes >= this.#bytesMax
  }

  take(bytes: number): void {
    this.#bytes += bytes
  }

  giveBack(bytes: number): void {
    this.#bytes -= bytes
    if (!this.isSpent) for (const wake of this.#waiting.splice(0)) wake()
  }

  /** Calls back when there may be room again. */
  whenFree(wake: () => void): void {
    this.#waiting.push(wake)
  }
}

/**
 * Pages on their way from a reader to the processor of a shard. The reader asks for room before it reads, so at most one
 * page lies above the limits. For one reader and one taker.
 */
export class PageQueue {
  readonly #limits: PageQueueLimits
  readonly #budget: PrefetchBudget
  readonly #pages: Page[] = []
  #bytes = 0
  #records = 0
  #end: readonly ChildShard[] | undefined
  #closed = false
  #wakeTaker = () => {}
  #wakeReader = () => {}

  constructor(limits: PageQueueLimits, budget: PrefetchBudget) {
    this.#limits = limits
    this.#budget = budget
  }

  /** Resolves when the reader may read on, or when the queue is closed. */
  async room(): Promise<void> {
    while (!this.#closed && this.#isFull())
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve
        this.#budget.whenFree(resolve)
      })
  }

  /** A shard that has nothing may always read one page: else it might wait for the others for ever. */
  #isFull(): boolean {
    const { bytesMax, recordsMax } = this.#limits
    return this.#bytes >= bytesMax || this.#records >= recordsMax || (this.#pages.length > 0 && this.#budget.isSpent)
  }

  push(page: Page): void {
    if (this.#closed) return
    this.#pages.push(page)
    this.#budget.take(page.bytes)
    this.#bytes += page.bytes
    this.#records += page.records.length
    this.#wakeTaker()
  }

  /** After what was pushed comes the end of the shard. */
  end(children: readonly ChildShard[]): void {
    this.#end = children
    this.#wakeTaker()
  }

  /** The next page; the children when the shard is at its end; undefined when the queue was closed. */
  async take(): Promise<Page | { readonly children: readonly ChildShard[] } | undefined> {
    for (;;) {
      if (this.#closed) return undefined
      const page = this.#pages.shift()
      if (page) {
        this.#budget.giveBack(page.bytes)
        this.#bytes -= page.bytes
        this.#records -= page.records.length
        this.#wakeReader()
        return page
      }
      if (this.#end) return { children: this.#end }
      await new Promise<void>((resolve) => {
        this.#wakeTaker = resolve
      })
    }
  }

  /** Whoever waits is let go, and what was not taken is dropped. */
  close(): void {
    this.#closed = true
    for (const { bytes } of this.#pages.splice(0)) this.#budget.giveBack(bytes)
    this.#wakeTaker()
    this.#wakeReader()
  }
}
