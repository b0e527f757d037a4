import type { Catalog } from './catalog.ts'
import type { RecordLog } from './log.ts'

/** What a storage gives: records and the catalog, and a way to end both. */
export type Storage = {
  readonly log: RecordLog
  readonly catalog: Catalog
  /** Waits for what was accepted to be durable, then lets go of files and connections. */
  close(): Promise<void>
}
