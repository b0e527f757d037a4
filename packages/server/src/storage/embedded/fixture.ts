import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { type Logger, ManualClock } from '@millrace/ports'
import { listed } from '../contract.ts'
import { FixedDataKeys } from '../data-key-fixture.ts'
import { type EntryBlock, entryCount, type RecordLog } from '../log.ts'
import type { Storage } from '../storage.ts'
import { type FileSystem, nodeFileSystem } from './file-system.ts'
import { type EmbeddedOptions, openEmbedded } from './open.ts'

/** A folder that goes when the test file ends. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-storage-'))
  after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Keeps what is logged. */
export class KeptLogger implements Logger {
  readonly lines: { level: string; message: string; facts?: Readonly<Record<string, unknown>> }[] = []

  log(level: string, message: string, facts?: Readonly<Record<string, unknown>>): void {
    this.lines.push({ level, message, facts })
  }

  get errors(): string[] {
    return this.lines.filter(({ level }) => level === 'error').map(({ message }) => message)
  }
}

export type EmbeddedFixture = Storage & { reopen(): Promise<EmbeddedFixture>; sweep(): Promise<number> }

/** An embedded storage in a folder, which can be opened again. */
export async function openIn(directory: string, options: Partial<EmbeddedOptions> = {}): Promise<EmbeddedFixture> {
  const defaults = { directory, durability: 'fsync', clock: new ManualClock(), logger: new KeptLogger() } as const
  const storage = await openEmbedded({ ...defaults, ...options })
  return {
    ...storage,
    reopen: async () => {
      await storage.close()
      return openIn(directory, options)
    },
  }
}

/** The same, whose logs are all sealed from the beginning, by data key 1. */
export async function openSealing(directory: string, options: Partial<EmbeddedOptions> = {}): Promise<EmbeddedFixture> {
  const storage = await openIn(directory, { dataKeys: () => new FixedDataKeys(), ...options })
  const create = storage.log.create.bind(storage.log)
  storage.log.create = (logId, given) => create(logId, { dataKey: 1, ...given })
  return { ...storage, reopen: () => storage.close().then(() => openSealing(directory, options)) }
}

/** Each entry of a log as `offset text`. */
export async function allOf(log: RecordLog, logId: string): Promise<string[]> {
  const found: EntryBlock[] = []
  let { start: from } = await log.bounds(logId)
  for (;;) {
    const blocks = await log.read(logId, from, { bytesMax: 1 << 30, entriesMax: 1 << 30 })
    const last = blocks.at(-1)
    if (!last) return listed(found)
    found.push(...blocks)
    from = last.firstOffset + entryCount(last)
  }
}

/** The machine's disk without its syncs: for tests that open a thousand times and lose no power. */
export const hastyDisk: FileSystem = {
  ...nodeFileSystem,
  open: async (path, mode) => ({ ...(await nodeFileSystem.open(path, mode)), dataSync: async () => {} }),
  syncDirectory: async () => {},
}
