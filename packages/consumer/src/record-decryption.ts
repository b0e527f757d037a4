import { createSecretKey, type KeyObject } from 'node:crypto'
import {
  deaggregateRecords,
  type HashKeyRange,
  isSealed,
  type KinesisRecord,
  openSealed,
  parseSealed,
  type SealedRecord,
  type UserRecord,
} from '@millrace/formats'
import type { Clock, KeyProvider } from '@millrace/ports'

/** Decrypts what a producer's `encryption` made, before processors see it. */
export type RecordDecryption = {
  /** Who unwraps the data keys: `LocalKeys`, `KmsKeys`, or another. */
  readonly keys: KeyProvider
  /**
   * Records that are not encrypted: a fault, or handed on as they are, for the time when producers change over one by one.
   * Whoever may put records can then put plain ones. @default 'refuse'
   */
  readonly plaintext?: 'refuse' | 'pass'
  /** How long an unwrapped data key is kept, in milliseconds. @default 3600000 */
  readonly dataKeyAgeMaxMs?: number
}

/** Why a record cannot be handed on: `onProcessorError` is told. */
export class RecordDecryptionError extends Error {
  override readonly name = 'RecordDecryptionError'
  /**
   * `plaintext`: it is not encrypted. `malformed`: it says that it is, and is not. `key`: its data key could not be unwrapped,
   * now or ever (see `cause`). `changed`: it was changed, or was put under another stream or partition key.
   */
  readonly reason: 'plaintext' | 'malformed' | 'key' | 'changed'
  readonly sequenceNumber: string
  readonly subSequenceNumber: number

  constructor(reason: RecordDecryptionError['reason'], record: UserRecord, cause?: unknown) {
    const place = `${record.sequenceNumber}/${record.subSequenceNumber}`
    const because = cause instanceof Error ? `: ${cause.message}` : ''
    super(`the record ${place} ${sentences[reason]}${because}`, { cause })
    this.reason = reason
    this.sequenceNumber = record.sequenceNumber
    this.subSequenceNumber = record.subSequenceNumber
  }
}

const sentences = {
  plaintext: 'is not encrypted, and plain records are refused',
  malformed: 'says that it is encrypted, and has not the form of it',
  key: 'has a data key that could not be unwrapped',
  changed: 'was changed since it was encrypted, or put under another stream or partition key',
}

/** Data keys kept at once; above it the longest unused goes. */
const keysMax = 1000

export type Opened = {
  /** In order; those that could not be opened as they came. */
  readonly records: UserRecord[]
  readonly faults: ReadonlyMap<UserRecord, RecordDecryptionError>
}

/** Makes user records of Kinesis records, as `deaggregateRecords` does, and opens what is sealed, whole or one by one. */
export class RecordOpener {
  readonly #decryption: RecordDecryption
  readonly #streamName: string
  readonly #clock: Clock
  /** By the wrapped key's bytes, the longest unused first. */
  readonly #keys = new Map<string, { readonly key: KeyObject; readonly sinceMs: number }>()

  constructor(decryption: RecordDecryption, streamName: string, clock: Clock) {
    this.#decryption = decryption
    this.#streamName = streamName
    this.#clock = clock
  }

  /** Never rejects: what is wrong is with its record. */
  async open(given: readonly KinesisRecord[], range: HashKeyRange | undefined): Promise<Opened> {
    const records: UserRecord[] = []
    const faults = new Map<UserRecord, RecordDecryptionError>()
    /** Keys that could not be had, so that nobody is asked for them again for each record. */
    const refused = new Map<string, Cause>()
    for (const each of given) {
      const { Data, PartitionKey = '' } = each
      const whole = Data && parseSealed(Data)
      if (whole?.scope === 'kinesis-record') {
        const key = this.#known(whole) ?? (await this.#unwrapped(whole, refused))
        const data = isCause(key) ? key : this.#opened(whole, key, PartitionKey)
        if (data instanceof Uint8Array) records.push(...deaggregateRecords([{ ...each, Data: data }], range))
        else this.#fault(plainOf(each), data, records, faults)
        continue
      }
      for (const record of deaggregateRecords([each], range)) {
        const sealed = parseSealed(record.data)
        if (sealed?.scope === 'user-record') {
          const key = this.#known(sealed) ?? (await this.#unwrapped(sealed, refused))
          const data = isCause(key) ? key : this.#opened(sealed, key, record.partitionKey)
          if (data instanceof Uint8Array) records.push({ ...record, data })
          else this.#fault(record, data, records, faults)
        } else if (isSealed(record.data)) this.#fault(record, 'malformed', records, faults)
        else if (this.#decryption.plaintext === 'pass') records.push(record)
        else this.#fault(record, 'plaintext', records, faults)
      }
    }
    return { records, faults }
  }

  #fault(
    record: UserRecord,
    why: Cause | 'malformed' | 'plaintext' | undefined,
    records: UserRecord[],
    faults: Map<UserRecord, RecordDecryptionError>,
  ): void {
    const reason = why === undefined ? 'changed' : typeof why === 'string' ? why : 'key'
    records.push(record)
    faults.set(record, new RecordDecryptionError(reason, record, typeof why === 'object' ? why.cause : undefined))
  }

  /** Undefined if it does not open. */
  #opened(sealed: SealedRecord, key: KeyObject, partitionKey: string): Uint8Array | undefined {
    return openSealed(sealed, key, { streamName: this.#streamName, partitionKey })
  }

  #known({ wrappedKey }: SealedRecord): KeyObject | undefined {
    const name = nameOf(wrappedKey)
    const entry = this.#keys.get(name)
    if (!entry) return undefined
    this.#keys.delete(name)
    if (this.#clock.monotonicMs() - entry.sinceMs >= (this.#decryption.dataKeyAgeMaxMs ?? 3_600_000)) return undefined
    this.#keys.set(name, entry)
    return entry.key
  }

  async #unwrapped({ wrappedKey }: SealedRecord, refused: Map<string, Cause>): Promise<KeyObject | Cause> {
    const name = nameOf(wrappedKey)
    const before = refused.get(name)
    if (before) return before
    try {
      const plaintext = await this.#decryption.keys.unwrap(wrappedKey, { streamName: this.#streamName })
      if (plaintext.length !== 32) throw new RangeError(`the provider gave a key of ${plaintext.length} bytes`)
      const key = createSecretKey(plaintext)
      this.#keys.set(name, { key, sinceMs: this.#clock.monotonicMs() })
      if (this.#keys.size > keysMax) this.#keys.delete(this.#keys.keys().next().value!)
      return key
    } catch (cause) {
      const none = { cause }
      refused.set(name, none)
      return none
    }
  }
}

const nameOf = (wrappedKey: Uint8Array) => Buffer.from(wrappedKey).toString('latin1')

type Cause = { readonly cause: unknown }

const isCause = (key: KeyObject | Cause): key is Cause => !('export' in key)

/** A Kinesis record as one record, whatever is in it. */
const plainOf = (record: KinesisRecord): UserRecord => ({
  data: record.Data ?? new Uint8Array(0),
  partitionKey: record.PartitionKey ?? '',
  explicitHashKey: undefined,
  sequenceNumber: record.SequenceNumber ?? '',
  subSequenceNumber: 0,
  approximateArrivalTimestamp: record.ApproximateArrivalTimestamp,
  aggregated: false,
})
