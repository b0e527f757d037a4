import type { Clock } from '@millrace/ports'
import { type Checkpoint, compareCheckpoints } from './checkpoint.ts'
import { LeaseLostError } from './checkpointer.ts'
import { type Lease, readerOf } from './lease.ts'
import type { LeaseTable, Pending, Written } from './lease-table.ts'

/**
 * A lease that this worker has. Its writes go one after the other, so that each knows the counter that the last one left.
 * Once lost it stays lost: a lease that is taken again is a new object.
 */
export class HeldLease {
  readonly #table: LeaseTable
  readonly #clock: Clock
  readonly #workerId: string
  readonly #lost = new AbortController()
  readonly #wanted = new AbortController()
  #lease: Lease
  #provenMs: number
  #bytes = 0
  #countedMs: number
  #lastWrite: Promise<unknown> = Promise.resolve()

  constructor(table: LeaseTable, clock: Clock, workerId: string, lease: Lease, provenMs: number) {
    this.#table = table
    this.#clock = clock
    this.#workerId = workerId
    this.#lease = lease
    this.#provenMs = provenMs
    this.#countedMs = provenMs
    if (lease.checkpointOwner !== undefined) this.#wanted.abort()
  }

  get shardId(): string {
    return this.#lease.leaseKey
  }

  /** The row as this worker last wrote it. */
  get lease(): Lease {
    return this.#lease
  }

  /** Aborts when another worker has the lease. */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  /** Aborts when a leader wants to move the lease: the worker should checkpoint, and give it up. */
  get wantedElsewhere(): AbortSignal {
    return this.#wanted.signal
  }

  /** How long ago the table last said that the lease is this worker's: from when the question was sent, in milliseconds. */
  get unprovenMs(): number {
    return this.#clock.monotonicMs() - this.#provenMs
  }

  /** Raises the counter. False when the lease is lost. Rejects when the table cannot be asked: then nothing is known. */
  async renew(withThroughput = false): Promise<boolean> {
    const throughputKBps = withThroughput ? this.#throughput() : undefined
    return (await this.#write((lease) => this.#table.renew(lease, throughputKBps))) !== undefined
  }

  /**
   * Renews many by few calls, each after the writes before it. Gives those that have to be renewed by themselves. Rejects when
   * the table cannot be asked.
   */
  static async renewTogether(
    table: LeaseTable,
    held: readonly HeldLease[],
    withThroughput: boolean,
  ): Promise<HeldLease[]> {
    const before = held.map((lease) => lease.#lastWrite)
    const work = async () => {
      await Promise.all(before)
      const sentMs = held[0]!.#clock.monotonicMs()
      const renewals = held.map((lease) => ({
        lease: lease.#lease,
        throughputKBps: withThroughput ? lease.#throughput() : undefined,
      }))
      const renewed = await table.renewTogether(renewals)
      for (const [index, lease] of held.entries()) {
        const { throughputKBps = lease.#lease.throughputKBps } = renewals[index]!
        const leaseCounter = lease.#lease.leaseCounter + 1
        if (renewed[index]) lease.#adopt({ ...lease.#lease, leaseCounter, throughputKBps }, sentMs)
      }
      return held.filter((_, index) => !renewed[index])
    }
    const working = work()
    const turn = working.catch(() => {})
    for (const lease of held) lease.#lastWrite = turn
    return working
  }

  /** So many bytes were processed. */
  count(bytes: number): void {
    this.#bytes += bytes
  }

  /** Kilobytes a second since it was last asked for, and by half what it was before: KCL's moving average. */
  #throughput(): number {
    const nowMs = this.#clock.monotonicMs()
    const rate = this.#bytes / 1024 / Math.max(0.001, (nowMs - this.#countedMs) / 1000)
    this.#bytes = 0
    this.#countedMs = nowMs
    return Number(((rate + (this.#lease.throughputKBps ?? rate)) / 2).toFixed(3))
  }

  /** Rejects with `LeaseLostError` when the lease is lost. */
  async checkpoint(checkpoint: Checkpoint, pending: Pending | null): Promise<void> {
    const isWritten = (lease: Lease) =>
      compareCheckpoints(lease.checkpoint, checkpoint) === 0 &&
      (lease.pendingCheckpoint === undefined) === (pending === null)
    const written = await this.#write((lease) => this.#table.checkpoint(lease, checkpoint, pending), isWritten)
    if (!written) throw leaseLost(this.shardId)
  }

  async setChildren(childShardIds: readonly string[]): Promise<void> {
    const isWritten = (lease: Lease) => childShardIds.every((id) => lease.childShardIds.includes(id))
    const written = await this.#write((lease) => this.#table.setChildren(lease, childShardIds), isWritten)
    if (!written) throw leaseLost(this.shardId)
  }

  /** Gives the lease up, after the writes before it. */
  async release(): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#lost.signal.aborted) return
      const written = await this.#table.release(this.#lease)
      // Nobody else may have touched it but a leader, who wants it for someone.
      if (!written.done && written.found && readerOf(written.found) === this.#workerId)
        await this.#table.release(written.found)
    })
    this.lose()
  }

  /** From here on nothing is written any more. */
  lose(): void {
    this.#lost.abort()
  }

  #write(write: (lease: Lease) => Promise<Written>, isWritten = (_: Lease) => true): Promise<Lease | undefined> {
    return this.#inTurn(async () => {
      for (let attempt = 1; attempt <= writeAttemptsMax; attempt++) {
        if (this.#lost.signal.aborted) return undefined
        const sentMs = this.#clock.monotonicMs()
        const before = this.#lease
        const written = await write(before)
        const own = written.done ? written.lease : await this.#explain(written.found)
        if (!own) break
        this.#adopt(own, sentMs)
        // Refused, but the row moved on by one: our own write, whose answer got lost on the way.
        if (written.done || (own.leaseCounter > before.leaseCounter && isWritten(own))) return own
      }
      this.lose()
      return undefined
    })
  }

  /** Why a write was refused: the row to go on with, or undefined when the lease is lost. */
  async #explain(found: Lease | undefined): Promise<Lease | undefined> {
    // Somebody removed the row under us. We know how far we came, so we write it once more, unless another has.
    if (!found) {
      const restored = { ...this.#lease, leaseCounter: this.#lease.leaseCounter + 1 }
      return (await this.#table.create(restored)) ? restored : undefined
    }
    if (readerOf(found) !== this.#workerId) return undefined
    const isOwnEarlierWrite = found.leaseCounter === this.#lease.leaseCounter + 1
    const isHandOver = found.checkpointOwner !== undefined && found.leaseCounter === this.#lease.leaseCounter
    return isOwnEarlierWrite || isHandOver ? found : undefined
  }

  #adopt(lease: Lease, sentMs: number): void {
    this.#lease = lease
    this.#provenMs = sentMs
    if (lease.checkpointOwner !== undefined) this.#wanted.abort()
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#lastWrite.then(work, work)
    this.#lastWrite = turn.catch(() => {})
    return turn
  }
}

/** One for the write, one after a leader's wish was seen, one after an answer that got lost. */
const writeAttemptsMax = 3

export const leaseLost = (shardId: string) =>
  new LeaseLostError(
    `The lease of ${shardId} is not this worker's any more: another worker goes on from the last checkpoint.`,
  )
