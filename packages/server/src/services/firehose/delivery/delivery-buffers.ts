import type { Clock } from '@millrace/ports'
import type { Page } from './progress.ts'

/** Something that waits for company: a record, or a record that failed. */
export type Waiting<T> = { readonly item: T; readonly page: Page }

export type Closed<T> = {
  readonly key: string
  readonly items: readonly Waiting<T>[]
  /** Arrival of the oldest. */
  readonly firstArrivalMs: number
}

export type BufferOptions<T> = {
  readonly clock: Clock
  /** A buffer is closed when it has so many bytes, before compression; one record may be larger. */
  readonly sizeBytesMax: number
  /** A buffer is closed so long after its first record came into it; 0: as soon as nothing more is at hand. */
  readonly intervalMs: number
  /** What waits and what is being delivered, over all buffers. Above it nobody adds. */
  readonly heldBytesMax: number
  /** Batches of different keys that are delivered at once; those of one key go one after the other, in order. */
  readonly concurrentMax: number
  /** Never rejects: it ends when the batch is settled, or when the delivery stops. */
  readonly deliver: (closed: Closed<T>) => Promise<void>
}

type Open<T> = { items: Waiting<T>[]; bytes: number; firstArrivalMs: number; stopTimer: () => void }

/** Collects what goes together, by size and time, one buffer for each partition. */
export class DeliveryBuffers<T> {
  readonly #options: BufferOptions<T>
  readonly #open = new Map<string, Open<T>>()
  /** By key, the end of its last delivery. */
  readonly #lines = new Map<string, Promise<void>>()
  #heldBytes = 0
  #delivering = 0
  #waiters: (() => void)[] = []
  #isDropped = false

  constructor(options: BufferOptions<T>) {
    this.#options = options
  }

  /** Bytes that wait or are being delivered. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  add(key: string, item: Waiting<T>, sizeBytes: number, arrivalMs: number): void {
    if (this.#isDropped) return
    const { clock, intervalMs, sizeBytesMax } = this.#options
    let open = this.#open.get(key)
    if (open && open.bytes + sizeBytes > sizeBytesMax) {
      this.#close(key)
      open = undefined
    }
    if (!open) {
      const stopTimer = intervalMs > 0 ? clock.after(intervalMs, () => this.#close(key)) : () => {}
      open = { items: [], bytes: 0, firstArrivalMs: arrivalMs, stopTimer }
      this.#open.set(key, open)
    }
    open.items.push(item)
    open.bytes += sizeBytes
    this.#heldBytes += sizeBytes
    if (open.bytes >= sizeBytesMax) this.#close(key)
  }

  /** Resolves when something may be added, or everything is dropped. */
  async room(): Promise<void> {
    // What fills the memory and waits for its time only, goes now.
    if (this.#heldBytes >= this.#options.heldBytesMax) this.flush()
    while (!this.#isDropped && this.#heldBytes >= this.#options.heldBytesMax)
      await new Promise<void>((wake) => this.#waiters.push(wake))
  }

  /** Closes all buffers. */
  flush(): void {
    for (const key of [...this.#open.keys()]) this.#close(key)
  }

  /** Resolves when everything that was closed is settled. */
  async settled(): Promise<void> {
    while (this.#lines.size > 0) await Promise.all(this.#lines.values())
  }

  /** Forgets what is open, and takes nothing more: it will come again after a restart. */
  drop(): void {
    this.#isDropped = true
    for (const { stopTimer } of this.#open.values()) stopTimer()
    this.#open.clear()
    this.#wake()
  }

  #close(key: string): void {
    const open = this.#open.get(key)
    if (!open) return
    open.stopTimer()
    this.#open.delete(key)
    const closed = { key, items: open.items, firstArrivalMs: open.firstArrivalMs }
    const before = this.#lines.get(key) ?? Promise.resolve()
    const line = before
      .then(() => this.#turn())
      .then(() => this.#options.deliver(closed))
      .then(() => {
        this.#delivering--
        this.#heldBytes -= open.bytes
        if (this.#lines.get(key) === line) this.#lines.delete(key)
        this.#wake()
      })
    this.#lines.set(key, line)
  }

  /** Resolves when this delivery may begin. */
  async #turn(): Promise<void> {
    while (this.#delivering >= this.#options.concurrentMax) await new Promise<void>((wake) => this.#waiters.push(wake))
    this.#delivering++
  }

  #wake(): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const wake of waiters) wake()
  }
}
