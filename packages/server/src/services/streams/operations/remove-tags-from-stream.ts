import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import type { StreamsContext } from '../context.ts'
import { streamNameOf, streamReference, streamResource } from '../members.ts'
import { taggedStream, tagKeys } from '../tags.ts'

export const removeTagsFromStream = operation({
  name: 'RemoveTagsFromStream',
  input: structure({ ...streamReference, TagKeys: tagKeys }),
  resource: streamResource,
  rate: { perSecond: 5, per: 'account' },
  async handle(context: StreamsContext, input) {
    await taggedStream(context, streamNameOf(context, input)).remove(input.TagKeys)
  },
})
