import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import { deliveryStreamResource } from '../access.ts'
import type { FirehoseContext } from '../context.ts'
import { admitEncryptionUpdate } from '../encryption.ts'
import { deliveryStreamName } from '../settings/members.ts'

export const stopDeliveryStreamEncryption = operation({
  name: 'StopDeliveryStreamEncryption',
  input: structure({ DeliveryStreamName: deliveryStreamName }),
  rate: { perSecond: 5, per: 'account' },
  resource: deliveryStreamResource,
  async handle(context: FirehoseContext, input) {
    const { clock, deliveryStreams, transitionMs } = context
    await deliveryStreams.update(input.DeliveryStreamName, (newest) => {
      const stream = deliveryStreams.active(newest.name)
      const encryptionUpdatesMs = admitEncryptionUpdate(context, stream)
      const { encryption } = stream
      if (!encryption || encryption.status === 'DISABLED') return { ...stream, encryptionUpdatesMs }
      return {
        ...stream,
        encryptionUpdatesMs,
        encryption: { ...encryption, status: 'DISABLING', failure: undefined },
        pending: { kind: 'encrypt', dueMs: clock.nowMs() + transitionMs },
      }
    })
    return {}
  },
})
