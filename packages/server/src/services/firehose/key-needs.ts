import type { Need } from '../../core/access.ts'
import { arn } from '../../core/arn.ts'
import type { ValueOf } from '../../core/shapes.ts'
import { needOn } from './access.ts'
import type { FirehoseContext } from './context.ts'
import type { encryptionInput } from './encryption-input.ts'

/*
 * What calls need beside the delivery stream where it is encrypted by a key of the customer's [API reference, "KeyType"; user
 * guide, "Data encryption"]. The key is used for the caller: conditions may ask by whom and for what.
 */

type Named = { readonly DeliveryStreamName: string }
type KmsAction = 'kms:CreateGrant' | 'kms:GenerateDataKey' | 'kms:Decrypt'

/** To hand a key to Firehose: it has the use of it granted to itself, by whoever calls. */
export const needsToGrant = (
  { place }: Pick<FirehoseContext, 'place'>,
  { DeliveryStreamName }: Named,
  encryption: ValueOf<typeof encryptionInput> | undefined,
): readonly Need[] =>
  encryption?.KeyType === 'CUSTOMER_MANAGED_CMK' && encryption.KeyARN !== undefined
    ? [needOfKey(place, 'kms:CreateGrant', DeliveryStreamName, encryption.KeyARN)]
    : []

/** To put: by the key under which records are sealed now. */
export function needsToPut(
  { deliveryStreams, place }: Pick<FirehoseContext, 'deliveryStreams' | 'place'>,
  action: 'PutRecord' | 'PutRecordBatch',
  input: Named,
): readonly Need[] {
  const need = needOn({ place }, action, input)
  const name = input.DeliveryStreamName
  const key = name === undefined ? undefined : deliveryStreams.find(name)?.encryption?.sealedUnder
  if (key?.type !== 'CUSTOMER_MANAGED_CMK') return [need]
  return [need, needOfKey(place, 'kms:GenerateDataKey', name, key.arn), needOfKey(place, 'kms:Decrypt', name, key.arn)]
}

function needOfKey(place: FirehoseContext['place'], action: KmsAction, name: string, keyArn: string): Need {
  const keys = new Map([
    ['kms:viaservice', [`firehose.${place.region}.amazonaws.com`]],
    ['kms:encryptioncontext:aws:kinesis:firehose:arn', [arn(place, 'firehose', `deliverystream/${name}`)]],
    ['kms:encryptioncontextkeys', ['aws:kinesis:firehose:arn']],
  ])
  if (action === 'kms:CreateGrant') keys.set('kms:grantisforawsresource', ['true'])
  const refusal = 'InvalidKMSResourceException'
  return { action, resource: keyArn, keys, refusal, refusalMembers: { code: 'AccessDeniedException' } }
}
