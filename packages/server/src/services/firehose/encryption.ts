import { type KeyRefusal, KeyRefused } from '../../core/ports/keys.ts'
import type { ValueOf } from '../../core/shapes.ts'
import type { FirehoseContext } from './context.ts'
import { type DeliveryStream, type DeliveryStreamFailure, logIdOf, type MasterKeyChoice } from './delivery-stream.ts'
import { deliveryStreamArn } from './delivery-stream-view.ts'
import type { encryptionInput } from './encryption-input.ts'
import {
  encryptionBusy,
  encryptionChangedTooOften,
  invalidKmsResource,
  keyArnMissing,
  keyArnUnwanted,
  onlyDirectPutIsEncrypted,
} from './faults.ts'
import { directPutRetentionMs } from './limits.ts'
import { count, type FirehoseMetric } from './metrics.ts'

/* How what was put is encrypted while it waits: its log is sealed by a data key. */

const dayMs = 24 * 3_600_000

/** A data key is in use for no longer. */
export const dataKeyLifeMs = dayMs

/** @throws InvalidArgumentException where type and ARN do not go together */
export function masterKeyOf(input: ValueOf<typeof encryptionInput> | undefined): MasterKeyChoice {
  const { KeyARN: arn, KeyType: type = 'AWS_OWNED_CMK' } = input ?? {}
  if (type === 'AWS_OWNED_CMK') {
    if (arn !== undefined) throw keyArnUnwanted()
    return { type }
  }
  if (arn === undefined) throw keyArnMissing()
  return { type, arn }
}

/**
 * When its encryption was changed within a day, now included.
 * @throws InvalidArgument-, ResourceInUse-, LimitExceededException
 */
export function admitEncryptionUpdate(
  { clock, limits, place }: FirehoseContext,
  { encryption, encryptionUpdatesMs = [], name, source }: DeliveryStream,
): readonly number[] {
  if (source.type !== 'DirectPut') throw onlyDirectPutIsEncrypted(source.type)
  if (encryption?.status === 'ENABLING' || encryption?.status === 'DISABLING')
    throw encryptionBusy(name, place.accountId, encryption.status)
  const nowMs = clock.nowMs()
  const updates = encryptionUpdatesMs.filter((atMs) => atMs > nowMs - dayMs)
  if (updates.length >= limits.encryptionUpdatesPerDay)
    throw encryptionChangedTooOften(name, limits.encryptionUpdatesPerDay)
  return [...updates, nowMs]
}

/** The number of a new data key under a master key. @throws KeyRefused */
export async function newDataKey(
  { keys, place }: Pick<FirehoseContext, 'keys' | 'place'>,
  stream: DeliveryStream,
  key: MasterKeyChoice,
): Promise<number> {
  if (!keys) throw new KeyRefused('not found', 'This server has no keys.')
  const keyId = key.type === 'AWS_OWNED_CMK' ? 'alias/aws/firehose' : key.arn
  const context = { 'aws:kinesis:firehose:arn': deliveryStreamArn(place, stream.name) }
  return (await keys.create(keyId, logIdOf(stream), context)).dataKey
}

/** A data key is kept as long as what it sealed may wait, and as long again. */
const retiredKeptMs = 2 * directPutRetentionMs

/** The data keys of a delivery stream that are in use no more, after a change: those that are kept, and those that go. */
export function retired({ encryption: before }: DeliveryStream, changed: DeliveryStream, nowMs: number) {
  const isReplaced = before?.dataKey !== undefined && before.dataKey !== changed.encryption?.dataKey
  const known = changed.retiredKeys ?? []
  const all = isReplaced ? [...known, { dataKey: before.dataKey!, retiredMs: nowMs }] : known
  const isOver = ({ retiredMs }: { readonly retiredMs: number }) => retiredMs < nowMs - retiredKeptMs
  return { retiredKeys: all.filter((key) => !isOver(key)), gone: all.filter(isOver).map(({ dataKey }) => dataKey) }
}

const refusals: Readonly<
  Record<Exclude<KeyRefusal, 'unreachable'>, { code: string; failure: string; metric?: FirehoseMetric }>
> = {
  'access denied': { code: 'AccessDeniedException', failure: 'KMS_ACCESS_DENIED', metric: 'KMSKeyAccessDenied' },
  disabled: { code: 'DisabledException', failure: 'DISABLED_KMS_KEY', metric: 'KMSKeyDisabled' },
  'invalid state': { code: 'KMSInvalidStateException', failure: 'INVALID_KMS_KEY', metric: 'KMSKeyInvalidState' },
  'not found': { code: 'NotFoundException', failure: 'KMS_KEY_NOT_FOUND', metric: 'KMSKeyNotFound' },
  'opt-in required': { code: 'OptInRequired', failure: 'KMS_OPT_IN_REQUIRED' },
  throttled: { code: 'ThrottlingException', failure: 'UNKNOWN_ERROR' },
}

/** AWS's `FailureDescription` of a key that was refused. */
export const failureOf = ({ message, reason }: KeyRefused): DeliveryStreamFailure => ({
  type: reason === 'unreachable' ? 'UNKNOWN_ERROR' : refusals[reason].failure,
  details: message,
})

/** Counts a refused key, and gives what to throw on: a put's answer, where it is a refusal. */
export function keyFault({ metrics }: Pick<FirehoseContext, 'metrics'>, name: string, error: unknown): unknown {
  if (!(error instanceof KeyRefused) || error.reason === 'unreachable') return error
  const { code, metric } = refusals[error.reason]
  if (metric) count(metrics, name, metric, 1)
  return invalidKmsResource(code, error.message)
}
