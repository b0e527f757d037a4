import type { ColumnBatch } from './column-type.ts'

/** A file of columns in the making. */
export interface ColumnFile {
  /** Writes rows as a group of their own (Parquet), or adds them to one (ORC); they are not kept. */
  add(batch: ColumnBatch): void
  /** The whole file. Nothing may be added any more. */
  finish(): Uint8Array<ArrayBuffer>
}
