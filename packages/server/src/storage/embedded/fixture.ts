import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { type Clock, ManualClock } from '../../core/clock.ts'
import type { Logger } from '../../core/ports.ts'
import type { OpenedStorage } from '../contract.ts'
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

/** An embedded storage in a folder, which can be opened again. */
export async function openIn(
  directory: string,
  options: Partial<EmbeddedOptions> & { clock?: Clock } = {},
): Promise<Required<OpenedStorage> & { sweep(): Promise<number> }> {
  const whole = {
    directory,
    durability: 'fsync',
    clock: new ManualClock(),
    logger: new KeptLogger(),
    ...options,
  } as const
  const storage = await openEmbedded(whole)
  return {
    ...storage,
    reopen: async () => {
      await storage.close()
      return openIn(directory, options)
    },
  }
}
