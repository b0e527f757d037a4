import type { Clock } from '@millrace/ports'
import type { Storage } from '../storage.ts'
import { MemoryCatalog } from './memory-catalog.ts'
import { MemoryLog } from './memory-log.ts'

/** A storage that ends with the process. */
export function openMemory({ clock }: { clock: Clock }): Storage {
  return { log: new MemoryLog(clock), catalog: new MemoryCatalog(), items: new MemoryCatalog(), close: async () => {} }
}
