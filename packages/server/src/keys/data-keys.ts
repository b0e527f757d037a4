import { createSecretKey } from 'node:crypto'
import type { Clock, Logger } from '@millrace/ports'
import { type EncryptionContext, KeyRefused, type KeyService, type LogKeys } from '../core/ports/keys.ts'
import type { Catalog, Json } from '../storage/catalog.ts'
import type { DataKey, DataKeys } from '../storage/data-key.ts'

/*
 * Data keys in the catalog, wrapped; their plaintext is in memory only, for a while:
 *
 *   keys/data/NUMBER   { wrapped: base64, keyArn, context, owner, createdMs }
 *   keys/data-count    the last number that was given
 */

export const dataKeyPrefix = 'keys/data/'
const countKey = 'keys/data-count'

/** Plaintext keys in memory; the one that was used longest ago goes first. */
const heldMax = 1000

export type StoredDataKey = {
  readonly wrapped: string
  readonly keyArn: string
  readonly context: EncryptionContext
  readonly owner: string
  readonly createdMs: number
}

type Parts = {
  readonly catalog: Catalog
  readonly clock: Clock
  readonly logger: Logger
  readonly keys: KeyService
  /** How long a data key is used before the key service is asked again. */
  readonly ageMsMax: number
}

type Held = { readonly key: DataKey; readonly checkedMs: number }

export class DataKeyStore implements LogKeys, DataKeys {
  readonly #parts: Parts
  readonly #held = new Map<number, Held>()
  readonly #opening = new Map<number, Promise<Held>>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async create(keyId: string, owner: string, context: EncryptionContext) {
    const { catalog, clock, keys } = this.#parts
    const { plaintext, wrapped, keyArn } = await keys.generateDataKey(keyId, context)
    const stored: StoredDataKey = {
      wrapped: Buffer.from(wrapped).toString('base64'),
      keyArn,
      context,
      owner,
      createdMs: clock.nowMs(),
    }
    for (;;) {
      const count = catalog.get(countKey)
      const dataKey = ((count?.value as number | undefined) ?? 0) + 1
      const version = await catalog.commit([
        { key: countKey, expectedVersion: count?.version ?? 0, action: 'put', value: dataKey },
        { key: dataKeyPrefix + dataKey, expectedVersion: 0, action: 'put', value: stored as unknown as Json },
      ])
      if (version === undefined) continue // another was made in this very moment
      this.#hold({ key: dataKeyOf(dataKey, plaintext), checkedMs: clock.monotonicMs() })
      return { dataKey, keyArn }
    }
  }

  /** The key, if it may be used without asking anybody. */
  held(dataKey: number): DataKey | undefined {
    return this.#fresh(dataKey)?.key
  }

  /** The key, by asking the key service if need be. @throws KeyRefused */
  async find(dataKey: number): Promise<DataKey> {
    return (this.#fresh(dataKey) ?? (await this.#open(dataKey))).key
  }

  allow(dataKey: number): undefined | Promise<void> {
    return this.#fresh(dataKey) ? undefined : this.#open(dataKey).then(() => undefined)
  }

  async remove(dataKey: number): Promise<void> {
    const { catalog } = this.#parts
    const stored = catalog.get(dataKeyPrefix + dataKey)
    if (stored) await catalog.delete(stored.key, stored.version)
    this.#held.delete(dataKey)
  }

  async forget(owner: string): Promise<void> {
    for (const { key, value } of this.#parts.catalog.list(dataKeyPrefix))
      if ((value as unknown as StoredDataKey).owner === owner)
        await this.remove(Number(key.slice(dataKeyPrefix.length)))
  }

  /** What is held and young enough; it is asked for anew in time, so that who uses it all the time never waits. */
  #fresh(dataKey: number): Held | undefined {
    const held = this.#held.get(dataKey)
    if (!held) return undefined
    const { ageMsMax, clock } = this.#parts
    const ageMs = clock.monotonicMs() - held.checkedMs
    if (ageMs >= ageMsMax) return undefined
    if (ageMs >= ageMsMax / 2 && !this.#opening.has(dataKey)) this.#open(dataKey).catch(() => {}) // told when it is used
    return held
  }

  /** Asks the key service, once for all who want the same key. */
  #open(dataKey: number): Promise<Held> {
    const opening = this.#opening.get(dataKey)
    if (opening) return opening
    const opened = this.#decrypt(dataKey).finally(() => this.#opening.delete(dataKey))
    this.#opening.set(dataKey, opened)
    return opened
  }

  async #decrypt(dataKey: number): Promise<Held> {
    const { catalog, clock, keys, logger } = this.#parts
    const stored = catalog.get(dataKeyPrefix + dataKey)?.value as StoredDataKey | undefined
    if (!stored) throw new KeyRefused('not found', `Data key ${dataKey} does not exist any more.`)
    try {
      const askedMs = clock.monotonicMs()
      const plaintext = await keys.decrypt(Buffer.from(stored.wrapped, 'base64'), stored.keyArn, stored.context)
      const held = { key: dataKeyOf(dataKey, plaintext), checkedMs: askedMs }
      this.#hold(held)
      return held
    } catch (error) {
      // An answer counts at once; no answer leaves the time that the key was given.
      const isAnswer = error instanceof KeyRefused && error.reason !== 'unreachable' && error.reason !== 'throttled'
      if (isAnswer) this.#held.delete(dataKey)
      logger.log('warn', 'a data key could not be unwrapped', { dataKey, keyArn: stored.keyArn, error: String(error) })
      throw error
    }
  }

  #hold(held: Held): void {
    const { id } = held.key
    this.#held.delete(id)
    this.#held.set(id, held)
    if (this.#held.size > heldMax) this.#held.delete(this.#held.keys().next().value!)
  }
}

/** The bytes are wiped where they came: what is left is where the process keeps keys. */
function dataKeyOf(id: number, plaintext: Uint8Array): DataKey {
  const secret = createSecretKey(plaintext)
  plaintext.fill(0)
  return { id, secret }
}
