import { operation } from '../../../core/operation.ts'
import { integer, optional, structure } from '../../../core/shapes.ts'
import { deliveryStreamResource } from '../access.ts'
import type { FirehoseContext } from '../context.ts'
import { deliveryStreamName } from '../settings/members.ts'
import { tagKey } from '../tags.ts'

export const listTagsForDeliveryStream = operation({
  name: 'ListTagsForDeliveryStream',
  input: structure({
    DeliveryStreamName: deliveryStreamName,
    ExclusiveStartTagKey: optional(tagKey),
    Limit: optional(integer({ min: 1, max: 50 })),
  }),
  rate: { perSecond: 5, per: 'account' },
  resource: deliveryStreamResource,
  async handle({ deliveryStreams }: FirehoseContext, input) {
    const { ExclusiveStartTagKey: after = '', Limit = 50 } = input
    const tags = deliveryStreams.get(input.DeliveryStreamName).tags.filter(({ Key }) => Key > after)
    return { Tags: tags.slice(0, Limit), HasMoreTags: tags.length > Limit }
  },
})
