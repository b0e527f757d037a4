import { createHash, createSecretKey } from 'node:crypto'
import type { DataKey, DataKeys } from './data-key.ts'

/** Data keys for tests: each number has its key, and has it again in the next process. */
export class FixedDataKeys implements DataKeys {
  /** Those that must be found first; all others are held. */
  readonly away = new Set<number>()
  /** Why a key cannot be had. */
  readonly refused = new Map<number, Error>()
  /** What `find` waits for. */
  gate: Promise<void> | undefined
  found = 0

  held(id: number): DataKey | undefined {
    return this.away.has(id) || this.refused.has(id) ? undefined : fixedDataKey(id)
  }

  async find(id: number): Promise<DataKey> {
    this.found++
    await this.gate
    const error = this.refused.get(id)
    if (error) throw error
    this.away.delete(id)
    return fixedDataKey(id)
  }
}

const made = new Map<number, DataKey>()

export function fixedDataKey(id: number): DataKey {
  const key = made.get(id) ?? { id, secret: createSecretKey(createHash('sha256').update(`data key ${id}`).digest()) }
  made.set(id, key)
  return key
}
