import type { DeliveryBatch } from '../destination.ts'

/** A batch that is in the bucket, and shall be in the table. */
export type Staged = {
  readonly batch: DeliveryBatch
  /** The bytes of the object, before compression. */
  readonly bytes: Uint8Array
  /** `s3://bucket/key` of the object, and of the manifest that names it. */
  readonly objectUrl: string
  readonly manifestUrl: string
  /** Keeps rows that are left out because MAXERROR allows it, before the others are there. */
  readonly skip: (rows: readonly SkippedRow[]) => Promise<void>
}

/** A row that is left out, told as Redshift tells it in STL_LOAD_ERRORS. */
export type SkippedRow = {
  readonly filename: string
  readonly line_number: number
  readonly raw_line: string
  readonly err_code: string
  readonly err_reason: string
}

/** Brings what is staged into a table. */
export interface Loader {
  /** Resolves when the rows are there. @throws DeliveryFailed when nothing of it is, or nobody knows */
  load(staged: Staged, signal: AbortSignal): Promise<void>
}
