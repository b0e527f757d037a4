import type { Catalog } from './catalog.ts'
import type { RecordLog } from './log.ts'

/** What a storage gives: records and the catalog, and a way to end both. */
export type Storage = {
  readonly log: RecordLog
  readonly catalog: Catalog
  /**
   * A catalog of its own for what users keep in tables: it may be large and change often, and what the server itself
   * remembers shall not wait for it.
   */
  readonly items: Catalog
  /** Waits for what was accepted to be durable, then lets go of files and connections. */
  close(): Promise<void>
}
