import { notImplemented } from '../../../core/aws-error.ts'
import { operation } from '../../../core/operation.ts'
import { optional, structure } from '../../../core/shapes.ts'
import { deliveryStreamResource } from '../access.ts'
import type { FirehoseContext } from '../context.ts'
import { encryptionInput } from '../encryption-input.ts'
import { deliveryStreamName } from '../settings/members.ts'

export const startDeliveryStreamEncryption = operation({
  name: 'StartDeliveryStreamEncryption',
  input: structure({
    DeliveryStreamName: deliveryStreamName,
    DeliveryStreamEncryptionConfigurationInput: optional(encryptionInput),
  }),
  rate: { perSecond: 5, per: 'account' },
  resource: deliveryStreamResource,
  async handle({ deliveryStreams }: FirehoseContext, input) {
    deliveryStreams.active(input.DeliveryStreamName)
    throw notImplemented('StartDeliveryStreamEncryption', 'security')
  },
})
