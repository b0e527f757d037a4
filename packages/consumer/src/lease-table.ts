import type { Checkpoint } from './checkpoint.ts'
import type { Lease } from './lease.ts'

/** What came of a conditional write: the row as it is now, or as it stands in the way (undefined: there is no row). */
export type Written =
  | { readonly done: true; readonly lease: Lease }
  | { readonly done: false; readonly found: Lease | undefined }

/**
 * The lease table as workers need it. Every change is conditional on the `leaseCounter` that the caller saw, so that of two
 * workers one loses; and every change raises the counter. Rejects with `LeaseTableMissing` when there is no table, and with
 * the client's error when the table cannot be asked.
 */
export interface LeaseTable {
  /** Creates the table if there is none, and waits until it can be used. */
  ensure(signal: AbortSignal): Promise<void>
  /** All leases of the application. With `consistent`, it holds all that was written before the call. */
  list(options?: { readonly consistent?: boolean }): Promise<Lease[]>
  /** One lease as it is now. */
  get(leaseKey: string): Promise<Lease | undefined>
  /** Writes a new row. False when there is one already. */
  create(lease: Lease): Promise<boolean>
  /** Makes `owner` the owner, whoever had it. */
  take(seen: Lease, owner: string): Promise<Written>
  /** Raises the counter. Not done when a leader wants the lease for another worker and `held` does not know it yet. */
  renew(held: Lease, throughputKBps?: number): Promise<Written>
  /**
   * Renews many by few calls. True for each that was renewed: its counter is one higher. False for one that has to be renewed
   * by itself, because it was refused, or another in its company was.
   */
  renewTogether(held: readonly Renewal[]): Promise<boolean[]>
  /** Moves the checkpoint, and with `pending` the prepared one (null removes it). */
  checkpoint(held: Lease, checkpoint: Checkpoint, pending?: Pending | null): Promise<Written>
  /** Writes down the children, once the shard was read to its end. */
  setChildren(held: Lease, childShardIds: readonly string[]): Promise<Written>
  /** Gives the lease up: to whom a leader chose when one did, else to anyone. */
  release(held: Lease): Promise<Written>
  /** Removes a finished lease. False when it is not finished, or gone. */
  deleteFinished(leaseKey: string): Promise<boolean>
}

export type Renewal = { readonly lease: Lease; readonly throughputKBps: number | undefined }

export type Pending = { readonly checkpoint: Checkpoint; readonly state: Uint8Array | undefined }

/** The table is not there: it was deleted, or has not been created. */
export class LeaseTableMissing extends Error {
  override readonly name = 'LeaseTableMissing'
}
