import { requestTagKeys } from '../../../core/needs.ts'
import { operation } from '../../../core/operation.ts'
import { list, structure } from '../../../core/shapes.ts'
import { deliveryStreamResource, needOn } from '../access.ts'
import type { FirehoseContext } from '../context.ts'
import { deliveryStreamName } from '../settings/members.ts'
import { checkTags, tag, withTags } from '../tags.ts'

export const tagDeliveryStream = operation({
  name: 'TagDeliveryStream',
  input: structure({ DeliveryStreamName: deliveryStreamName, Tags: list(tag, { min: 1, max: 50 }) }),
  rate: { perSecond: 5, per: 'account' },
  resource: deliveryStreamResource,
  needs(input, context: FirehoseContext) {
    const keys = requestTagKeys(input.Tags.map(({ Key, Value = '' }) => [Key, Value]))
    return [needOn(context, 'TagDeliveryStream', input, keys)]
  },
  async handle({ deliveryStreams }: FirehoseContext, input) {
    checkTags(input.Tags)
    await deliveryStreams.update(input.DeliveryStreamName, (stream) => ({
      ...stream,
      tags: withTags(stream.tags, input.Tags),
    }))
    return {}
  },
})
