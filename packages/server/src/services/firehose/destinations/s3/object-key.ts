import { fractionOf, type Random } from '@millrace/ports'
import type { ErrorOutputType, PartitionKeys } from '../../delivery/delivery-record.ts'
import { formatTime } from './time-format.ts'

/*
 * The key of an object [docs, "custom prefixes for Amazon S3 objects"; recorded from AWS by github.com/floci-io/floci,
 * issues 1857 and 2328]:
 *
 *   evaluated prefix   NAME-VERSION-yyyy-MM-dd-HH-mm-ss-UUID   extension
 *
 * A prefix without any expression is followed by `yyyy/MM/dd/HH/`, with no slash of its own before that. So is the prefix
 * of errors where nothing is said of it, behind the kind of error and a slash; but not one that has expressions.
 *
 * All times are those of one instant, the arrival of the oldest record, to the second: `!{timestamp:SSS}` is 000.
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

/** `!{namespace:value}`; nothing in it is evaluated twice, and a value ends at the first brace. */
export const expressionPattern = /!\{([^:{}]*):([^{}]*)\}/g
const byHour = '!{timestamp:yyyy/MM/dd/HH/}'
const withHour = (prefix: string) => (prefix.includes('!{') ? prefix : prefix + byHour)

/** The key of an object of delivered records. */
export function objectKey(prefix: string, parts: ObjectKeyParts, partitionKeys?: PartitionKeys): string {
  return objectPrefix(prefix, parts, partitionKeys) + objectName(parts)
}

/** What stands before the name of an object of delivered records. */
export const objectPrefix = (prefix: string, parts: ObjectKeyParts, partitionKeys?: PartitionKeys): string =>
  evaluatedPrefix(withHour(prefix), parts, { partitionKeys })

/** The key of an object of error records: by `ErrorOutputPrefix`, or below the prefix by the kind of error. */
export function errorObjectKey(
  { prefix = '', errorOutputPrefix }: { readonly prefix?: string; readonly errorOutputPrefix?: string | undefined },
  errorOutputType: ErrorOutputType,
  parts: ObjectKeyParts,
): string {
  const pattern = errorOutputPrefix ? withHour(errorOutputPrefix) : `${prefix}${errorOutputType}/${byHour}`
  return evaluatedPrefix(pattern, parts, { errorOutputType }) + objectName(parts)
}

const objectName = ({ name, version, atMs, timeZone, random, extension }: ObjectKeyParts) =>
  `${name}-${version}-${formatTime('yyyy-MM-dd-HH-mm-ss', atMs, timeZone)}-${random.uuid()}${extension}`

/** What expressions stand for. One that means nothing here stays as it is. */
export function evaluatedPrefix(
  prefix: string,
  { atMs, timeZone, random }: Pick<ObjectKeyParts, 'atMs' | 'timeZone' | 'random'>,
  known: { readonly partitionKeys?: PartitionKeys | undefined; readonly errorOutputType?: ErrorOutputType },
): string {
  const atSecondMs = Math.floor(atMs / 1000) * 1000
  return prefix.replace(expressionPattern, (whole, namespace: string, key: string) => {
    switch (namespace) {
      case 'timestamp':
        return formatTime(key, atSecondMs, timeZone)
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
