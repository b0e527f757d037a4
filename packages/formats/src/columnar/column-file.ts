import type { ColumnBatch } from './column-type.ts'

/** A file of columns in the making. */
export interface ColumnFile {
  /** Writes rows as a group of their own (Parquet), or adds them to one (ORC); they are not kept. */
  add(batch: ColumnBatch): void
  /** What was written since it was last asked for: it is not kept, and its memory is nobody else's. */
  take(): Uint8Array<ArrayBuffer>
  /** The rest, and so the whole file where nothing was taken. Nothing may be added any more. */
  finish(): Uint8Array<ArrayBuffer>
}
