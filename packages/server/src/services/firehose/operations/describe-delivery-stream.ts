import { operation } from '../../../core/operation.ts'
import { integer, optional, string, structure } from '../../../core/shapes.ts'
import { deliveryStreamResource } from '../access.ts'
import type { FirehoseContext } from '../context.ts'
import { deliveryStreamView } from '../delivery-stream-view.ts'
import { deliveryStreamName } from '../settings/members.ts'

export const describeDeliveryStream = operation({
  name: 'DescribeDeliveryStream',
  input: structure({
    DeliveryStreamName: deliveryStreamName,
    Limit: optional(integer({ min: 1, max: 10_000 })),
    ExclusiveStartDestinationId: optional(string({ min: 1, max: 100, pattern: '[a-zA-Z0-9-]+' })),
  }),
  rate: { perSecond: 5, per: 'account' },
  resource: deliveryStreamResource,
  async handle({ deliveryStreams, place }: FirehoseContext, input) {
    const view = deliveryStreamView(deliveryStreams.get(input.DeliveryStreamName), place)
    const { ExclusiveStartDestinationId: after = '' } = input
    const Destinations = view.Destinations.filter(({ DestinationId }) => DestinationId > after)
    return { DeliveryStreamDescription: { ...view, Destinations } }
  },
})
