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

/**
 * Pages on their way from a reader to the processor of a shard. The reader asks for room before it reads, so at most one
 * page lies above the limits. For one reader and one taker.
 */
export class PageQueue {
  readonly #limits: PageQueueLimits
  #pages: Page[] = []
  #bytes = 0
  #records = 0
  #end: readonly ChildShard[] | undefined
  #closed = false
  #wakeTaker = () => {}
  #wakeReader = () => {}

  constructor(limits: PageQueueLimits) {
    this.#limits = limits
  }

  /** Resolves when the reader may read on, or when the queue is closed. */
  async room(): Promise<void> {
    while (!this.#closed && (this.#bytes >= this.#limits.bytesMax || this.#records >= this.#limits.recordsMax))
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve
      })
  }

  push(page: Page): void {
    if (this.#closed) return
    this.#pages.push(page)
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
    this.#pages = []
    this.#wakeTaker()
    this.#wakeReader()
  }
}
