import type { Clock } from '@millrace/ports'
import { type DataKeys, keysWhenNeeded } from '../data-key.ts'
import type { Storage } from '../storage.ts'
import { MemoryCatalog } from './memory-catalog.ts'
import { MemoryLog } from './memory-log.ts'

export type MemoryOptions = {
  readonly clock: Clock
  /** Asked for the first time when a log has a data key. @default none: logs are as if they had no key */
  readonly dataKeys?: () => DataKeys
}

/** A storage that ends with the process. */
export function openMemory({ clock, dataKeys }: MemoryOptions): Storage {
  return {
    log: new MemoryLog(clock, dataKeys && keysWhenNeeded(dataKeys)),
    catalog: new MemoryCatalog(),
    items: new MemoryCatalog(),
    close: async () => {},
  }
}
