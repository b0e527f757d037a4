import { requestTagKeys } from '../../../core/needs.ts'
import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import { needOn } from '../access.ts'
import type { StreamsContext } from '../context.ts'
import { streamNameOf, streamReference, streamResource, tagMap } from '../members.ts'
import { checkTags, taggedStream } from '../tags.ts'

export const addTagsToStream = operation({
  name: 'AddTagsToStream',
  input: structure({ ...streamReference, Tags: tagMap }),
  resource: streamResource,
  needs: (input, context: StreamsContext) => [
    needOn(context, 'AddTagsToStream', streamResource(input, context), requestTagKeys(input.Tags)),
  ],
  rate: { perSecond: 5, per: 'account' },
  async handle(context: StreamsContext, input) {
    checkTags(input.Tags)
    await taggedStream(context, streamNameOf(context, input)).add(input.Tags)
  },
})
