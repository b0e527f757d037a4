import type { Need } from '../../core/access.ts'
import { arn } from '../../core/arn.ts'
import { needOn } from './access.ts'
import type { StreamsContext } from './context.ts'

/**
 * What a call needs that puts into a stream or reads it: the stream, and the key that its records are encrypted by, where
 * that is not AWS's own. The key is used for the caller, as on AWS: conditions may ask by whom and for what.
 * @param resource of the operation: `stream/NAME…`
 */
export function needsWithKey(
  context: StreamsContext,
  action: string,
  resource: string | undefined,
  keyAction: 'kms:GenerateDataKey' | 'kms:Decrypt',
): readonly Need[] {
  const need = needOn(context, action, resource)
  const [, name = ''] = resource?.split('/', 2) ?? []
  const encryption = context.streams.find(name)?.encryption
  if (!encryption || /(^|:)alias\/aws\//.test(encryption.keyId)) return [need]
  const { place } = context
  const keys = new Map([
    ['kms:viaservice', [`kinesis.${place.region}.amazonaws.com`]],
    ['kms:encryptioncontext:aws:kinesis:arn', [arn(place, 'kinesis', `stream/${name}`)]],
    ['kms:encryptioncontextkeys', ['aws:kinesis:arn']],
  ])
  return [need, { action: keyAction, resource: encryption.keyArn, keys, refusal: 'KMSAccessDeniedException' }]
}
