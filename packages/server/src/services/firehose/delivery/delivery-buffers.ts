import type { Clock } from '@millrace/ports'

export type Closed<T> = {
  readonly key: string
  readonly items: readonly T[]
  /** Arrival of the oldest. */
  readonly firstArrivalMs: number
}

export type BufferOptions<T> = {
  readonly clock: Clock
  /** A buffer is closed when it has so many bytes, before compression; one record may be larger. */
  readonly sizeBytesMax: number
  /** A buffer is closed when it has so many items. @default any number */
  readonly itemsMax?: number | undefined
  /** A buffer is closed so long after its first record came into it; 0: as soon as nothing more is at hand. */
  readonly intervalMs: number
  /** What waits and what is being delivered, over all buffers. Above it nobody adds. */
  readonly heldBytesMax: number
  /** Batches that are delivered at once. */
  readonly concurrentMax: number
  /** Those of one key go one after the other. */
  readonly isInOrder: boolean
  /** Never rejects: it ends when the batch is settled, or when the delivery stops. */
  readonly deliver: (closed: Closed<T>) => Promise<void>
}

/** What an item takes in memory beside its bytes, about. */
const itemOverheadBytes = 250

/** What is in buffers: waiting, or being delivered. */
export type Buffered = {
  readonly records: number
  /** Of the records alone. */
  readonly bytes: number
  /** Buffers that are open. */
  readonly partitions: number
}

type Open<T> = { items: T[]; bytes: number; heldBytes: number; firstArrivalMs: number; stopTimer: () => void }

/** Collects what goes together, by size and time, one buffer for each partition. */
export class DeliveryBuffers<T> {
  readonly #options: BufferOptions<T>
  readonly #open = new Map<string, Open<T>>()
  /** By key, the buffers that wait or are being delivered. */
  readonly #active = new Map<string, number>()
  /** The end of the last delivery of each key, or of each delivery where order does not matter. */
  readonly #lines = new Map<string | symbol, Promise<void>>()
  #heldBytes = 0
  /** Of these, what waits. */
  #openBytes = 0
  #heldItems = 0
  /** Of these, the bytes that count for the size. */
  #itemBytes = 0
  #delivering = 0
  #waiters: (() => void)[] = []
  #isDropped = false
  /** What is closed and not settled. */
  readonly #unsettled = new Set<{ readonly firstArrivalMs: number }>()

  constructor(options: BufferOptions<T>) {
    this.#options = options
  }

  /** Bytes that wait or are being delivered. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  get buffered(): Buffered {
    return { records: this.#heldItems, bytes: this.#itemBytes, partitions: this.#open.size }
  }

  /** Arrival of the oldest that is not settled; undefined if all are. */
  get oldestMs(): number | undefined {
    let oldestMs: number | undefined
    for (const held of [this.#open.values(), this.#unsettled])
      for (const { firstArrivalMs } of held)
        if (oldestMs === undefined || firstArrivalMs < oldestMs) oldestMs = firstArrivalMs
    return oldestMs
  }

  /** Partitions of which something waits or is being delivered. */
  get activeCount(): number {
    return this.#active.size
  }

  /** What waits in a buffer, in the list that is delivered; undefined if it is not open. */
  itemsOf(key: string): readonly T[] | undefined {
    return this.#open.get(key)?.items
  }

  isActive(key: string): boolean {
    return this.#active.has(key)
  }

  /** @param moreBytes what the item keeps in memory beside the bytes that count for the size */
  add(key: string, item: T, sizeBytes: number, arrivalMs: number, moreBytes = 0): void {
    if (this.#isDropped) return
    const { clock, intervalMs, itemsMax = Number.POSITIVE_INFINITY, sizeBytesMax } = this.#options
    let open = this.#open.get(key)
    if (open && open.bytes + sizeBytes > sizeBytesMax) {
      this.#close(key)
      open = undefined
    }
    if (!open) {
      const close = () => this.#close(key)
      const stopTimer = intervalMs > 0 ? clock.after(intervalMs, close) : afterThis(close)
      open = { items: [], bytes: 0, heldBytes: 0, firstArrivalMs: arrivalMs, stopTimer }
      this.#open.set(key, open)
      this.#active.set(key, (this.#active.get(key) ?? 0) + 1)
    }
    const heldBytes = sizeBytes + moreBytes + itemOverheadBytes
    open.items.push(item)
    if (arrivalMs < open.firstArrivalMs) open.firstArrivalMs = arrivalMs // several shards come in turns
    open.bytes += sizeBytes
    open.heldBytes += heldBytes
    this.#openBytes += heldBytes
    this.#heldBytes += heldBytes
    this.#heldItems++
    this.#itemBytes += sizeBytes
    if (open.bytes >= sizeBytesMax || open.items.length >= itemsMax) this.#close(key)
  }

  /** Resolves when something may be added, or everything is dropped. */
  async room(): Promise<void> {
    // What fills the memory and waits for its time only, goes now.
    if (this.#heldBytes >= this.#options.heldBytesMax) this.#closeLargest()
    while (!this.#isDropped && this.#heldBytes >= this.#options.heldBytesMax)
      await new Promise<void>((wake) => this.#waiters.push(wake))
  }

  /**
   * Closes buffers until a quarter of the memory is on its way, beginning with the largest: that frees most by the fewest
   * objects, and leaves the small ones to grow.
   */
  #closeLargest(): void {
    const wantedBytes = this.#options.heldBytesMax / 4
    const bySize = [...this.#open].sort(([, a], [, b]) => b.heldBytes - a.heldBytes)
    for (const [key] of bySize) {
      if (this.#heldBytes - this.#openBytes >= wantedBytes) return
      this.#close(key)
    }
  }

  /** Closes all buffers. Resolves when all that is closed by now is settled. */
  async flush(): Promise<void> {
    for (const key of [...this.#open.keys()]) this.#close(key)
    await Promise.all(this.#lines.values())
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
    this.#openBytes -= open.heldBytes
    const closed = { key, items: open.items, firstArrivalMs: open.firstArrivalMs }
    this.#unsettled.add(closed)
    const { isInOrder } = this.#options
    const lineKey = isInOrder ? key : Symbol()
    const before = this.#lines.get(lineKey) ?? Promise.resolve()
    const line = before
      .then(() => this.#turn())
      .then(() => this.#options.deliver(closed))
      .then(() => {
        this.#delivering--
        this.#heldBytes -= open.heldBytes
        this.#heldItems -= open.items.length
        this.#itemBytes -= open.bytes
        this.#unsettled.delete(closed)
        this.#leave(key)
        if (this.#lines.get(lineKey) === line) this.#lines.delete(lineKey)
        this.#wake()
      })
    this.#lines.set(lineKey, line)
  }

  #leave(key: string): void {
    const left = this.#active.get(key)! - 1
    if (left > 0) this.#active.set(key, left)
    else this.#active.delete(key)
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

/** Calls back when whoever adds has added what it has at hand. Returns how to stop it. */
function afterThis(callback: () => void): () => void {
  let isStopped = false
  queueMicrotask(() => isStopped || callback())
  return () => {
    isStopped = true
  }
}
