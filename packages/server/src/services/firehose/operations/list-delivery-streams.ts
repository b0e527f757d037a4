import { operation } from '../../../core/operation.ts'
import { enumeration, integer, optional, structure } from '../../../core/shapes.ts'
import type { FirehoseContext } from '../context.ts'
import { deliveryStreamName } from '../settings/members.ts'

/** AWS's own; the largest that may be asked for is another. */
const pageSizeDefault = 10

export const listDeliveryStreams = operation({
  name: 'ListDeliveryStreams',
  input: structure({
    Limit: optional(integer({ min: 1, max: 10_000 })),
    DeliveryStreamType: optional(enumeration('DirectPut', 'KinesisStreamAsSource', 'MSKAsSource', 'DatabaseAsSource')),
    ExclusiveStartDeliveryStreamName: optional(deliveryStreamName),
  }),
  rate: { perSecond: 5, per: 'account' },
  resource: () => 'deliverystream/*',
  async handle({ deliveryStreams }: FirehoseContext, input) {
    const { Limit = pageSizeDefault, DeliveryStreamType: type, ExclusiveStartDeliveryStreamName: after = '' } = input
    const names = deliveryStreams
      .all()
      .filter(({ name, source }) => name > after && (type === undefined || source.type === type))
      .map(({ name }) => name)
    return { DeliveryStreamNames: names.slice(0, Limit), HasMoreDeliveryStreams: names.length > Limit }
  },
})
