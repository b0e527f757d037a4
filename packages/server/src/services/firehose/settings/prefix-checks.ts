import { systemRandom } from '@millrace/ports'
import { invalidArgument } from '../../../core/aws-error.ts'
import { evaluatedPrefix, expressionPattern } from '../destinations/s3/object-key.ts'
import { isTimePattern } from '../destinations/s3/time-format.ts'
import { isTimeZone } from '../destinations/s3/zoned-time.ts'
import type { S3Settings } from './settings.ts'

/*
 * What prefixes and what belongs to them may be, in the words that AWS refuses them with (recorded from it by
 * github.com/badmintoncryer/cdk-preflight; sentences marked ours are not known).
 */

const namespaces = new Set(['timestamp', 'firehose', 'partitionKeyFromQuery', 'partitionKeyFromLambda'])
const errorType = '!{firehose:error-output-type}'
const partitionKeys = '!{partitionKeyFrom'

/** Characters of a prefix when its expressions are evaluated; an hour that is added to it does not count. */
const evaluatedMax = 512
/** Any time is as long as any other, and partition keys are not known yet. */
const sample = { atMs: Date.UTC(2026, 11, 31, 23, 59, 59), timeZone: 'UTC', random: systemRandom }

export type Prefixes = Pick<S3Settings, 'Prefix' | 'ErrorOutputPrefix'> & {
  readonly CustomTimeZone?: string | undefined
}

/** @throws InvalidArgumentException */
export function checkPrefixes(
  { Prefix = '', ErrorOutputPrefix = '', CustomTimeZone }: Prefixes,
  isPartitioned: boolean,
) {
  checkExpressions(Prefix, 'Prefix')
  checkExpressions(ErrorOutputPrefix, 'ErrorOutputPrefix')
  if (Prefix.includes(errorType)) throw invalidArgument(`Prefix must not contain any occurrence of ${errorType}`)
  if (Prefix.includes('!{') && ErrorOutputPrefix === '')
    throw invalidArgument('ErrorOutputPrefix cannot be null or empty when Prefix contains expressions')
  if (ErrorOutputPrefix.includes(partitionKeys))
    throw invalidArgument("Dynamic Partitioning Namespaces can't be part of an error prefix expression")
  if (ErrorOutputPrefix.includes('!{') && !ErrorOutputPrefix.includes(errorType))
    throw invalidArgument(`ErrorOutputPrefix must contain at least one occurrence of ${errorType}`)
  if (!isPartitioned && Prefix.includes(partitionKeys))
    throw invalidArgument(
      'Dynamic Partitioning Namespaces can only be part of a prefix expression when Dynamic Partitioning is enabled.',
    )
  checkLength(Prefix, 'prefix')
  checkLength(ErrorOutputPrefix, 'ErrorOutputPrefix')
  if (CustomTimeZone && !isTimeZone(CustomTimeZone))
    throw invalidArgument(`CustomTimeZone ${CustomTimeZone} is not a time zone.`) // ours
}

function checkExpressions(prefix: string, where: string): void {
  if (prefix.replace(expressionPattern, '').includes('!{')) throw invalidArgument('Invalid expression usage')
  for (const [, namespace = '', value = ''] of prefix.matchAll(expressionPattern)) {
    if (!namespaces.has(namespace))
      throw invalidArgument(`Namespace to the left of colon (${namespace}) is an invalid keyword!`)
    if (!isValue(namespace, value))
      throw invalidArgument(`Invalid conversion character used in the value of the expression in ${where}`)
  }
}

function isValue(namespace: string, value: string): boolean {
  if (namespace === 'firehose') return value === 'random-string' || value === 'error-output-type'
  return value !== '' && (namespace !== 'timestamp' || isTimePattern(value))
}

function checkLength(prefix: string, what: string): void {
  const length = evaluatedPrefix(prefix, sample, { errorOutputType: 'processing-failed' }).length
  if (length > evaluatedMax) throw invalidArgument(`Length of evaluated ${what} cannot be greater than ${evaluatedMax}`)
}
