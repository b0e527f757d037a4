import { operation } from '../../../core/operation.ts'
import { integer, optional, string, structure } from '../../../core/shapes.ts'
import { deliveryStreamResource } from '../access.ts'
import type { FirehoseContext } from '../context.ts'
import { deliveryStreamView } from '../delivery-stream-view.ts'
import { withOpenSecrets } from '../destination-secrets.ts'
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
  async handle({ deliveryStreams, place, secrets }: FirehoseContext, input) {
    const kept = deliveryStreams.get(input.DeliveryStreamName)
    // Splunk's token is the only secret that is told.
    const stream = kept.destination.kind === 'Splunk' ? await withOpenSecrets(secrets, kept) : kept
    const view = deliveryStreamView(stream, place)
    const { ExclusiveStartDestinationId: after = '' } = input
    const Destinations = view.Destinations.filter(({ DestinationId }) => DestinationId > after)
    return { DeliveryStreamDescription: { ...view, Destinations } }
  },
})
