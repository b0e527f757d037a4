import { fractionOf, type Random } from '@millrace/ports'
import type { ErrorOutputType, PartitionKeys } from '../../delivery/delivery-record.ts'
import { formatTime } from './time-format.ts'

/*
 * The key of an object [docs, "custom prefixes for Amazon S3 objects"]:
 *
 *   evaluated prefix   NAME-VERSION-yyyy-MM-dd-HH-mm-ss-UUID   extension
 *
 * A prefix without a timestamp in it is followed by `yyyy/MM/dd/HH/`, and by no slash of its own before that.
 */

export type ObjectKeyParts = {
  readonly name: string
  readonly version: number
  /** Arrival of the oldest record in the object. */
  readonly atMs: number
  readonly timeZone: string
  readonly random: Random
  readonly extension: string
}

const expression = /!\{([a-zA-Z]+):([^}]*)\}/g
/** A prefix that names partitions stands for itself, too: no time is put behind it [docs, dynamic partitioning]. */
const isWhole = (prefix: string) => prefix.includes('!{timestamp:') || prefix.includes('!{partitionKeyFrom')
const byHour = '!{timestamp:yyyy/MM/dd/HH/}'

/** The key of an object of delivered records. */
export function objectKey(prefix: string, parts: ObjectKeyParts, partitionKeys?: PartitionKeys): string {
  return objectPrefix(prefix, parts, partitionKeys) + objectName(parts)
}

/** What stands before the name of an object of delivered records. */
export const objectPrefix = (prefix: string, parts: ObjectKeyParts, partitionKeys?: PartitionKeys): string =>
  evaluated(isWhole(prefix) ? prefix : prefix + byHour, parts, { partitionKeys })

/** The key of an object of error records: by `ErrorOutputPrefix`, or below the prefix by the kind of error. */
export function errorObjectKey(
  { prefix = '', errorOutputPrefix }: { readonly prefix?: string; readonly errorOutputPrefix?: string | undefined },
  errorOutputType: ErrorOutputType,
  parts: ObjectKeyParts,
): string {
  const pattern = errorOutputPrefix || `${prefix}!{firehose:error-output-type}/`
  return evaluated(isWhole(pattern) ? pattern : pattern + byHour, parts, { errorOutputType }) + objectName(parts)
}

const objectName = ({ name, version, atMs, timeZone, random, extension }: ObjectKeyParts) =>
  `${name}-${version}-${formatTime('yyyy-MM-dd-HH-mm-ss', atMs, timeZone)}-${random.uuid()}${extension}`

function evaluated(
  prefix: string,
  { atMs, timeZone, random }: ObjectKeyParts,
  known: { readonly partitionKeys?: PartitionKeys | undefined; readonly errorOutputType?: ErrorOutputType },
): string {
  return prefix.replace(expression, (whole, namespace: string, key: string) => {
    switch (namespace) {
      case 'timestamp':
        return formatTime(key, atMs, timeZone)
      case 'firehose':
        return key === 'random-string' ? randomString(random) : (known.errorOutputType ?? whole)
      case 'partitionKeyFromQuery':
        return known.partitionKeys?.fromQuery[key] ?? whole
      case 'partitionKeyFromLambda':
        return known.partitionKeys?.fromLambda[key] ?? whole
      default:
        return whole
    }
  })
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** Eleven letters and digits. */
const randomString = (random: Random) =>
  Array.from({ length: 11 }, () => letters[Math.floor(fractionOf(random) * letters.length)]).join('')
