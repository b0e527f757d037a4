import { tagNameKeys } from '../../../core/needs.ts'
import { operation } from '../../../core/operation.ts'
import { list, structure } from '../../../core/shapes.ts'
import { deliveryStreamResource, needOn } from '../access.ts'
import type { FirehoseContext } from '../context.ts'
import { deliveryStreamName } from '../settings/members.ts'
import { tagKey } from '../tags.ts'

export const untagDeliveryStream = operation({
  name: 'UntagDeliveryStream',
  input: structure({ DeliveryStreamName: deliveryStreamName, TagKeys: list(tagKey, { min: 1, max: 50 }) }),
  rate: { perSecond: 5, per: 'account' },
  resource: deliveryStreamResource,
  needs: (input, context: FirehoseContext) => [
    needOn(context, 'UntagDeliveryStream', input, tagNameKeys(input.TagKeys)),
  ],
  async handle({ deliveryStreams }: FirehoseContext, input) {
    await deliveryStreams.update(input.DeliveryStreamName, (stream) => ({
      ...stream,
      tags: stream.tags.filter(({ Key }) => !input.TagKeys.includes(Key)),
    }))
    return {}
  },
})
