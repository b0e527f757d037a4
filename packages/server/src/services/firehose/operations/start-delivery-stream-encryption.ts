import { operation } from '../../../core/operation.ts'
import { optional, structure } from '../../../core/shapes.ts'
import { deliveryStreamResource, needOn } from '../access.ts'
import type { FirehoseContext } from '../context.ts'
import { admitEncryptionUpdate, masterKeyOf } from '../encryption.ts'
import { encryptionInput } from '../encryption-input.ts'
import { needsToGrant } from '../key-needs.ts'
import { deliveryStreamName } from '../settings/members.ts'

export const startDeliveryStreamEncryption = operation({
  name: 'StartDeliveryStreamEncryption',
  input: structure({
    DeliveryStreamName: deliveryStreamName,
    DeliveryStreamEncryptionConfigurationInput: optional(encryptionInput),
  }),
  rate: { perSecond: 5, per: 'account' },
  resource: deliveryStreamResource,
  needs: (input, context: FirehoseContext) => [
    needOn(context, 'StartDeliveryStreamEncryption', input),
    ...needsToGrant(context, input, input.DeliveryStreamEncryptionConfigurationInput),
  ],
  async handle(context: FirehoseContext, input) {
    const { clock, deliveryStreams, transitionMs } = context
    deliveryStreams.active(input.DeliveryStreamName)
    const key = masterKeyOf(input.DeliveryStreamEncryptionConfigurationInput)
    await deliveryStreams.update(input.DeliveryStreamName, (stream) => {
      deliveryStreams.active(stream.name)
      const encryptionUpdatesMs = admitEncryptionUpdate(context, stream)
      const { dataKey, sealedUnder } = stream.encryption ?? {}
      return {
        ...stream,
        encryptionUpdatesMs,
        encryption: { status: 'ENABLING', key, dataKey, sealedUnder },
        pending: { kind: 'encrypt', dueMs: clock.nowMs() + transitionMs },
      }
    })
    return {}
  },
})
