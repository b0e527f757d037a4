import {
  type Checkpoint,
  compareCheckpoints,
  describeCheckpoint,
  isSequenceNumber,
  isShardEnd,
  shardEnd,
} from './checkpoint.ts'
import type { HeldLease } from './held-lease.ts'

/** A record, or any place that has its two numbers. */
export type Place = { readonly sequenceNumber: string; readonly subSequenceNumber?: number }

/**
 * Writes how far a shard is processed: what lies up to there is not given out again. Every method rejects with
 * `LeaseLostError` when another worker has the shard by now, with `InvalidCheckpointError` for a place that was not given
 * out yet or lies before the last checkpoint, and with the client's error when the table cannot be reached.
 */
export interface Checkpointer {
  /**
   * All that was given out; in `shardEnded` the shard's end. With a place: all up to that record. KCL's order of arguments,
   * sequence number and sub-sequence number (0 when left out), is taken too.
   */
  checkpoint(place?: Place | string, subSequenceNumber?: number): Promise<void>
  /** Writes the place beside the checkpoint, with a state of the application's: the next owner sees both. `commit` moves it. */
  prepareCheckpoint(place?: Place, applicationState?: Uint8Array): Promise<PreparedCheckpoint>
  /** The last place that was written. */
  readonly lastCheckpoint: Checkpoint
}

export type PreparedCheckpoint = { readonly pendingCheckpoint: Checkpoint; commit(): Promise<void> }

/** Another worker has the shard, or this one does not know whether it still has it. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError'
}

/** The place is no place between the last checkpoint and the last record given out. */
export class InvalidCheckpointError extends RangeError {
  override readonly name = 'InvalidCheckpointError'
}

export class ShardCheckpointer implements Checkpointer {
  readonly #lease: HeldLease
  #given: Checkpoint
  #last: Checkpoint

  /** `from` is where this owner began. */
  constructor(lease: HeldLease, from: Checkpoint) {
    this.#lease = lease
    this.#given = from
    this.#last = from
  }

  get lastCheckpoint(): Checkpoint {
    return this.#last
  }

  /** The last record that was given out: the furthest that may be written. */
  get given(): Checkpoint {
    return this.#given
  }

  giveOut(place: Checkpoint): void {
    this.#given = place
  }

  /** These were not processed after all. */
  takeBack(place: Checkpoint): void {
    this.#given = compareCheckpoints(place, this.#last) < 0 ? this.#last : place
  }

  async checkpoint(place?: Place | string, subSequenceNumber = 0): Promise<void> {
    const target = this.#target(typeof place === 'string' ? { sequenceNumber: place, subSequenceNumber } : place)
    // Nothing was given out yet: the table says so already.
    if (!isSequenceNumber(target.sequenceNumber) && !isShardEnd(target)) return
    await this.#lease.checkpoint(target, null)
    this.#last = target
  }

  async prepareCheckpoint(place?: Place, applicationState?: Uint8Array): Promise<PreparedCheckpoint> {
    const pendingCheckpoint = this.#target(place)
    await this.#lease.checkpoint(this.#last, { checkpoint: pendingCheckpoint, state: applicationState })
    return { pendingCheckpoint, commit: () => this.checkpoint(pendingCheckpoint) }
  }

  #target(place: Place | undefined): Checkpoint {
    if (place === undefined) return this.#given
    const target = { sequenceNumber: place.sequenceNumber, subSequenceNumber: place.subSequenceNumber ?? 0 }
    const fits =
      (isSequenceNumber(target.sequenceNumber) || (isShardEnd(target) && isShardEnd(this.#given))) &&
      Number.isSafeInteger(target.subSequenceNumber) &&
      target.subSequenceNumber >= 0 &&
      compareCheckpoints(target, this.#last) >= 0 &&
      compareCheckpoints(target, this.#given) <= 0
    if (!fits)
      throw new InvalidCheckpointError(
        `Cannot checkpoint at ${describeCheckpoint(target)}: it must be a record that was given out ` +
          `(up to ${describeCheckpoint(this.#given)}) and not lie before the last checkpoint (${describeCheckpoint(this.#last)}).`,
      )
    return target
  }

  /** From here on, `checkpoint()` means the shard's end. */
  reachEnd(): void {
    this.#given = shardEnd
  }
}
