import { operation } from '../../../core/operation.ts'
import { boolean, optional, structure } from '../../../core/shapes.ts'
import { deliveryStreamResource } from '../access.ts'
import type { FirehoseContext } from '../context.ts'
import { deliveryStreamBusy } from '../faults.ts'
import { deliveryStreamName } from '../settings/members.ts'

export const deleteDeliveryStream = operation({
  name: 'DeleteDeliveryStream',
  input: structure({ DeliveryStreamName: deliveryStreamName, AllowForceDelete: optional(boolean()) }),
  rate: { perSecond: 5, per: 'account' },
  resource: deliveryStreamResource,
  async handle({ clock, deliveryStreams, place, transitionMs }: FirehoseContext, input) {
    await deliveryStreams.update(input.DeliveryStreamName, (stream) => {
      if (stream.status === 'DELETING') return stream
      if (stream.status === 'CREATING') throw deliveryStreamBusy(stream.name, place.accountId, stream.status)
      return { ...stream, status: 'DELETING', pending: { kind: 'delete', dueMs: clock.nowMs() + transitionMs } }
    })
    return {}
  },
})
