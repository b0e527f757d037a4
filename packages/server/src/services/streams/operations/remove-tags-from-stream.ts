import { tagNameKeys } from '../../../core/needs.ts'
import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import { needOn } from '../access.ts'
import type { StreamsContext } from '../context.ts'
import { streamNameOf, streamReference, streamResource } from '../members.ts'
import { taggedStream, tagKeys } from '../tags.ts'

export const removeTagsFromStream = operation({
  name: 'RemoveTagsFromStream',
  input: structure({ ...streamReference, TagKeys: tagKeys }),
  resource: streamResource,
  needs: (input, context: StreamsContext) => [
    needOn(context, 'RemoveTagsFromStream', streamResource(input, context), tagNameKeys(input.TagKeys)),
  ],
  rate: { perSecond: 5, per: 'account' },
  async handle(context: StreamsContext, input) {
    await taggedStream(context, streamNameOf(context, input)).remove(input.TagKeys)
  },
})
