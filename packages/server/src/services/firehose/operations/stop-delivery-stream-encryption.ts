import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import { deliveryStreamResource } from '../access.ts'
import type { FirehoseContext } from '../context.ts'
import { deliveryStreamName } from '../settings/members.ts'

export const stopDeliveryStreamEncryption = operation({
  name: 'StopDeliveryStreamEncryption',
  input: structure({ DeliveryStreamName: deliveryStreamName }),
  rate: { perSecond: 5, per: 'account' },
  resource: deliveryStreamResource,
  async handle({ deliveryStreams }: FirehoseContext, input) {
    deliveryStreams.active(input.DeliveryStreamName) // nothing is encrypted yet, so that there is nothing to stop
    return {}
  },
})
