import { createSecretKey, type KeyObject } from 'node:crypto'
import { type SealScope, sealRecord, wrappedKeyBytesMax } from '@millrace/formats'
import { type Clock, type KeyProvider, type Logger, systemRandom } from '@millrace/ports'
import type { EncodeData } from './producer-options.ts'

/** Encrypts all that is put, by data keys that travel wrapped with the records. */
export type RecordEncryption = {
  /** Where data keys come from: `LocalKeys`, `KmsKeys`, or another. */
  readonly keys: KeyProvider
  /** Records that one data key encrypts. @default 1000000 */
  readonly dataKeyRecordsMax?: number
  /** How long one data key is used, in milliseconds. @default 300000 */
  readonly dataKeyAgeMaxMs?: number
}

type Parts = {
  readonly streamName: string
  readonly scope: SealScope
  readonly clock: Clock
  readonly logger: Logger
}

/** A data key in use. Its nonces are four bytes of its own, and the number of the record. */
type DataKeyInUse = {
  readonly key: KeyObject
  readonly wrappedKey: Uint8Array
  readonly nonce: Buffer
  readonly sinceMs: number
  records: number
}

/** From this share of its life on, the next data key is fetched while the old one still serves. */
const renewedFrom = 0.8
/** How soon a provider that failed is asked again while the old key still serves. */
const renewalPauseMs = 5000

/** @returns what encrypts a record: at once as long as there is a data key. It throws what the provider of keys throws */
export function encryptionOf(encryption: RecordEncryption, parts: Parts): EncodeData {
  const encryptor = new RecordEncryptor(encryption, parts)
  return (data, partitionKey) => encryptor.encrypt(data, partitionKey)
}

class RecordEncryptor {
  readonly #keys: KeyProvider
  readonly #recordsMax: number
  readonly #ageMaxMs: number
  readonly #parts: Parts
  #current: DataKeyInUse | undefined
  #renewal: Promise<DataKeyInUse> | undefined
  #nextRenewalMs = 0

  constructor({ keys, dataKeyRecordsMax = 1_000_000, dataKeyAgeMaxMs = 300_000 }: RecordEncryption, parts: Parts) {
    this.#keys = keys
    this.#recordsMax = dataKeyRecordsMax
    this.#ageMaxMs = dataKeyAgeMaxMs
    this.#parts = parts
  }

  encrypt(data: Uint8Array, partitionKey: string): Uint8Array | Promise<Uint8Array> {
    const key = this.#current
    const used = key ? this.#shareUsed(key) : 1
    if (!key || used >= 1) return this.#renewed().then(() => this.encrypt(data, partitionKey))
    if (used >= renewedFrom) this.#renewAhead()
    key.nonce.writeBigUInt64BE(BigInt(key.records++), 4)
    const { streamName, scope } = this.#parts
    return sealRecord(data, key, key.nonce, scope, { streamName, partitionKey })
  }

  /** How much of its life a key has had: 1 and above, it is used no more. */
  #shareUsed({ records, sinceMs }: DataKeyInUse): number {
    const ageMs = this.#parts.clock.monotonicMs() - sinceMs
    return Math.max(records / this.#recordsMax, ageMs / this.#ageMaxMs)
  }

  #renewAhead(): void {
    const { clock, logger } = this.#parts
    if (this.#renewal || clock.monotonicMs() < this.#nextRenewalMs) return
    this.#nextRenewalMs = clock.monotonicMs() + renewalPauseMs
    this.#renewed().catch((error: unknown) => {
      logger.log('warn', 'the next data key could not be fetched; the old one serves for a while longer', { error })
    })
  }

  /** However many ask, the provider is asked once. */
  #renewed(): Promise<DataKeyInUse> {
    this.#renewal ??= this.#generate().finally(() => {
      this.#renewal = undefined
    })
    return this.#renewal
  }

  async #generate(): Promise<DataKeyInUse> {
    const { streamName, clock } = this.#parts
    const { plaintext, wrapped } = await this.#keys.generate({ streamName })
    if (plaintext.length !== 32 || wrapped.length < 1 || wrapped.length > wrappedKeyBytesMax)
      throw new RangeError(`the provider gave a key of ${plaintext.length} bytes, wrapped in ${wrapped.length}`)
    const key = createSecretKey(plaintext)
    plaintext.fill(0)
    const nonce = Buffer.alloc(12)
    nonce.set(systemRandom.bytes(4)) // so that a provider that gives a key again does no harm
    this.#current = { key, wrappedKey: wrapped, nonce, sinceMs: clock.monotonicMs(), records: 0 }
    return this.#current
  }
}
