import { Fifo } from './fifo.ts'
import type { KinesisRecord } from './kinesis-record.ts'
import type { PendingRecord } from './pending-record.ts'
import type { EncodeData, Settings } from './producer-options.ts'
import { encryptionOf } from './record-encryption.ts'

/** `compress` and then `encrypt` or `encryption`, of those that there are; undefined when there is none. */
export function encodingOf(settings: Settings): EncodeData | undefined {
  const { compress, encryption, encodingScope: scope } = settings
  const encrypt = encryption ? encryptionOf(encryption, { ...settings, scope }) : settings.encrypt
  if (!compress || !encrypt) return compress ?? encrypt
  return (data, partitionKey) => {
    const compressed = compress(data, partitionKey)
    if (compressed instanceof Uint8Array) return encrypt(compressed, partitionKey)
    return compressed.then((bytes) => encrypt(bytes, partitionKey))
  }
}

/** Runs an encoding; `done` is called at once when it is synchronous, else later, with the bytes or with what went wrong. */
function encoded(
  encode: EncodeData,
  data: Uint8Array,
  partitionKey: string,
  done: (bytes: Uint8Array | undefined, fault: unknown) => void,
): void {
  const finish = (bytes: unknown) =>
    bytes instanceof Uint8Array ? done(bytes, undefined) : done(undefined, new TypeError('it gave no Uint8Array'))
  const fail = (fault: unknown) => done(undefined, fault ?? new Error('it failed without a reason'))
  let result: Uint8Array | Promise<Uint8Array>
  try {
    result = encode(data, partitionKey)
  } catch (error) {
    fail(error)
    return
  }
  if (result instanceof Promise) result.then(finish, fail)
  else finish(result)
}

/** Encodes user records one by one, and hands them on in the order in which they came, however long each takes. */
export class RecordEncoder {
  readonly #encode: EncodeData
  readonly #sizeBytesMax: number
  readonly #handOn: (record: PendingRecord) => void
  readonly #failed: (record: PendingRecord, fault: unknown) => void
  readonly #waiting = new Fifo<{ record: PendingRecord; isDone: boolean; fault: unknown }>()

  constructor(
    encode: EncodeData,
    sizeBytesMax: number,
    handOn: (record: PendingRecord) => void,
    failed: (record: PendingRecord, fault: unknown) => void,
  ) {
    this.#encode = encode
    this.#sizeBytesMax = sizeBytesMax
    this.#handOn = handOn
    this.#failed = failed
  }

  add(record: PendingRecord): void {
    const entry = { record, isDone: false, fault: undefined as unknown }
    this.#waiting.push(entry)
    encoded(this.#encode, record.data, record.partitionKey, (bytes, fault) => {
      entry.isDone = true
      entry.fault = fault ?? tooLarge(bytes!, record.partitionKey, this.#sizeBytesMax)
      if (bytes) record.data = bytes
      this.#drain()
    })
  }

  /** Lets what waits go out as soon as it is encoded. */
  hurry(nowMs: number): void {
    for (const { record } of this.#waiting) record.dueMs = nowMs
  }

  #drain(): void {
    while (this.#waiting.first()?.isDone) {
      const { record, fault } = this.#waiting.shift()!
      if (fault) this.#failed(record, fault)
      else this.#handOn(record)
    }
  }
}

/** Encodes a whole Kinesis record where it waits in its queue; `changed` is called when it is done later. */
export function encodeKinesisRecord(
  encode: EncodeData,
  record: KinesisRecord,
  sizeBytesMax: number,
  changed: () => void,
): void {
  const { data, partitionKey } = record
  record.data = undefined
  let isLater = false
  encoded(encode, data!, partitionKey, (bytes, fault) => {
    record.encodingFault = fault ?? tooLarge(bytes!, partitionKey, sizeBytesMax)
    if (bytes && !record.encodingFault) {
      record.data = bytes
      record.sizeBytes = bytes.byteLength + Buffer.byteLength(partitionKey)
    }
    if (isLater) changed()
  })
  isLater = true
}

function tooLarge(bytes: Uint8Array, partitionKey: string, sizeBytesMax: number): RangeError | undefined {
  const size = bytes.byteLength + Buffer.byteLength(partitionKey)
  if (size <= sizeBytesMax) return undefined
  return new RangeError(`it made ${size} bytes, with the key, of recordSizeBytesMax ${sizeBytesMax}`)
}
