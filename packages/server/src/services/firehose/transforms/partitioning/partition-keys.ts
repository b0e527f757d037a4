import type { Clock } from '@millrace/ports'
import type { DeliveryRecord, FailedRecord, PartitionKeys } from '../../delivery/delivery-record.ts'
import { type ObjectKeyParts, objectKey, objectPrefix } from '../../destinations/s3/object-key.ts'
import { prefixKeys } from '../../settings/partitioning.ts'
import type { Transform, Transformed } from '../transform.ts'
import { extractionFailed, valuesMissing } from './extraction-failure.ts'
import { OwnBytes } from './own-bytes.ts'

/** [docs], and AWS's own sentence when a prefix is longer before it is evaluated. */
const prefixLengthMax = 512

/** Longest key of S3, in bytes. */
const keyBytesMax = 1024

/** Partitions whose keys are known to be good, or not; above it they are looked at again. */
const knownMax = 10_000

type Known = { readonly partition: string; readonly partitionKeys: PartitionKeys; readonly fault: string | undefined }

/**
 * The last step of dynamic partitioning: a record has every key that the prefix names, and no others, and they make a key
 * that leads nowhere but below the prefix.
 */
export class PartitionKeyCheck implements Transform {
  readonly #clock: Clock
  readonly #prefix: string
  readonly #names: ReturnType<typeof prefixKeys>
  readonly #partsAt: (atMs: number) => ObjectKeyParts
  readonly #known = new Map<string, Known>()
  readonly #ownBytes = new OwnBytes()

  /** @param partsAt what else a key is made of, for a record that arrived then */
  constructor(clock: Clock, prefix: string, partsAt: (atMs: number) => ObjectKeyParts) {
    this.#clock = clock
    this.#prefix = prefix
    this.#names = prefixKeys(prefix)
    this.#partsAt = partsAt
  }

  async transform(given: readonly DeliveryRecord[]): Promise<Transformed> {
    const records: DeliveryRecord[] = []
    const failed: FailedRecord[] = []
    for (const record of given) {
      const { fault, partition, partitionKeys } = this.#look(record)
      if (fault !== undefined) failed.push(this.#failed(record, fault))
      else records.push({ ...record, ...this.#ownBytes.of(record, partition), partitionKeys })
    }
    return { records, failed }
  }

  #look(record: DeliveryRecord): Known {
    const { fromLambda = {}, fromQuery = {} } = record.partitionKeys ?? {}
    const values = [
      ...this.#names.fromQuery.map((name) => fromQuery[name]),
      ...this.#names.fromLambda.map((name) => fromLambda[name]),
    ]
    // Nothing is remembered of what is as long as a record may be.
    if (values.reduce((sum, value = '') => sum + value.length, 0) > prefixLengthMax) return tooLong
    const partition = JSON.stringify(values)
    const known = this.#known.get(partition)
    if (known) return known
    const partitionKeys = {
      fromQuery: picked(fromQuery, this.#names.fromQuery),
      fromLambda: picked(fromLambda, this.#names.fromLambda),
    }
    const isWhole = values.every((value) => value !== undefined && value !== '')
    const fault = isWhole ? this.#faultOf(partitionKeys, record.arrivalMs) : valuesMissing
    if (this.#known.size >= knownMax) this.#known.clear()
    const found = { partition, partitionKeys, fault }
    this.#known.set(partition, found)
    return found
  }

  #faultOf(partitionKeys: PartitionKeys, arrivalMs: number): string | undefined {
    const parts = this.#partsAt(arrivalMs)
    if (objectPrefix(this.#prefix, parts, partitionKeys).length > prefixLengthMax) return tooLong.fault
    return keyFault(objectKey(this.#prefix, parts, partitionKeys))
  }

  #failed(record: DeliveryRecord, errorMessage: string): FailedRecord {
    return extractionFailed(record, errorMessage, this.#clock.nowMs())
  }
}

const tooLong: Known = {
  partition: '',
  partitionKeys: { fromQuery: {}, fromLambda: {} },
  fault: `Length of evaluated prefix cannot be greater than ${prefixLengthMax}`,
}

const picked = (keys: Readonly<Record<string, string>>, names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, keys[name] ?? '']))

/**
 * Why a key is refused that S3 would take: what stands in it comes from records, and a service or a proxy on the way to the
 * bucket may walk along `..`. The sentences are ours.
 */
export function keyFault(key: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (/[\u0000-\u001f\u007f]|\p{Surrogate}/u.test(key))
    return 'The evaluated prefix has a control character or half a character'
  if (Buffer.byteLength(key) > keyBytesMax) return `The key of the object is longer than ${keyBytesMax} bytes`
  const step = key.split('/').find((name) => name === '.' || name === '..')
  return step && `The evaluated prefix has the path segment "${step}"`
}
