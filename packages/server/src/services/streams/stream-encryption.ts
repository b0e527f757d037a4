import { invalidArgument, limitExceeded } from '../../core/aws-error.ts'
import type { StreamsContext } from './context.ts'
import { streamNotActive } from './faults.ts'
import type { Stream } from './stream.ts'

/* What StartStreamEncryption and StopStreamEncryption share. */

const dayMs = 24 * 3_600_000

/** @throws InvalidArgumentException for NONE, which the type has and the operations do not. The sentence is ours */
export function onlyKms(encryptionType: 'KMS' | 'NONE'): void {
  if (encryptionType !== 'KMS') throw invalidArgument('EncryptionType must be KMS.')
}

/** When its key was changed within a day, now included. @throws ResourceInUseException, LimitExceededException */
export function admitEncryptionUpdate(
  { clock, limits, place }: StreamsContext,
  stream: Stream,
  operation: 'StartStreamEncryption' | 'StopStreamEncryption',
): readonly number[] {
  if (stream.status !== 'ACTIVE') throw streamNotActive(stream, place.accountId)
  const nowMs = clock.nowMs()
  const updates = (stream.encryptionUpdatesMs ?? []).filter((atMs) => atMs > nowMs - dayMs)
  if (updates.length >= limits.encryptionUpdatesPerDay)
    throw limitExceeded(
      `${operation} cannot be called on stream ${stream.name} more than ${limits.encryptionUpdatesPerDay} times in 24 hours.`,
    )
  return [...updates, nowMs]
}
