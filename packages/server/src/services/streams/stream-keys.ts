import type { Logger } from '@millrace/ports'
import { AwsError, internalFailure } from '../../core/aws-error.ts'
import { type KeyRefusal, KeyRefused, type LogKeys } from '../../core/ports/keys.ts'
import type { StreamsContext } from './context.ts'
import { streamArnOf } from './members.ts'
import { changed, type Encryption, type Stream } from './stream.ts'

/* What streams are encrypted by. The records themselves are sealed by storage, with the data key that it is told. */

/** A data key is in use for no longer: what one key protects is bounded. */
export const dataKeyLifeMs = 24 * 3_600_000

/** How long after its last record is past the retention a data key is kept: for clocks that were set. */
const keptBeyondMs = 24 * 3_600_000

const codes: Readonly<Record<Exclude<KeyRefusal, 'unreachable'>, string>> = {
  'access denied': 'KMSAccessDeniedException',
  disabled: 'KMSDisabledException',
  'invalid state': 'KMSInvalidStateException',
  'not found': 'KMSNotFoundException',
  'opt-in required': 'KMSOptInRequired',
  throttled: 'KMSThrottlingException',
}

/** What the key service said, as Data Streams says it; clients try again where it said nothing. */
export function keyRefused(error: KeyRefused, logger: Logger): AwsError {
  if (error.reason !== 'unreachable') return new AwsError(codes[error.reason], error.message)
  logger.log('error', 'the key service does not answer', { error: error.message })
  return internalFailure()
}

/** May records be encrypted and decrypted? Undefined if so, as nearly always. @throws KMS…Exception */
export function askKey({ keys, logger }: StreamsContext, { dataKey }: Encryption): undefined | Promise<void> {
  return keys.allow(dataKey)?.catch((error: unknown) => {
    throw error instanceof KeyRefused ? keyRefused(error, logger) : error
  })
}

/** A new data key for a stream, under a master key. @throws KeyRefused */
export async function newEncryption(context: StreamsContext, stream: Stream, keyId: string): Promise<Encryption> {
  const made = await context.keys.create(keyId, stream.id, { 'aws:kinesis:arn': streamArnOf(context, stream) })
  return { keyId, ...made, madeMs: context.clock.nowMs() }
}

/** The stream as it is encrypted from now on, or is not any more. */
export function withEncryption(stream: Stream, encryption: Encryption | undefined, nowMs: number): Stream {
  const { encryption: before, retiredKeys = [], ...rest } = stream
  const retired = before === undefined || before.dataKey === encryption?.dataKey ? [] : [before]
  return changed(rest as Stream, {
    ...(encryption && { encryption }),
    retiredKeys: [...retiredKeys, ...retired.map(({ dataKey }) => ({ dataKey, retiredMs: nowMs }))],
  })
}

/** Forgets the data keys whose last records are past the retention. */
export async function dropRetiredKeys({ clock, keys, streams }: StreamsContext, name: string): Promise<void> {
  const overdue = ({ retiredKeys = [], retentionHours }: Stream) => {
    const beforeMs = clock.nowMs() - retentionHours * 3_600_000 - keptBeyondMs
    return new Set(retiredKeys.filter(({ retiredMs }) => retiredMs < beforeMs).map(({ dataKey }) => dataKey))
  }
  const stream = streams.find(name)
  if (!stream) return
  const dropped = overdue(stream)
  if (dropped.size === 0) return
  for (const dataKey of dropped) await keys.remove(dataKey)
  await streams.update(name, (newest) =>
    newest.id === stream.id
      ? changed(newest, { retiredKeys: (newest.retiredKeys ?? []).filter(({ dataKey }) => !dropped.has(dataKey)) })
      : newest,
  )
}

const noService = () => new KeyRefused('not found', 'This server has no keys.')

/** Of a server without keys. */
export const noKeys: LogKeys = {
  async create() {
    throw noService()
  },
  async allow() {
    throw noService()
  },
  async remove() {},
  async forget() {},
}
