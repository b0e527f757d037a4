import { operation } from '../../../core/operation.ts'
import { integer, optional, string, structure } from '../../../core/shapes.ts'
import type { StreamsContext } from '../context.ts'
import { streamOf, streamReference, streamResource } from '../members.ts'
import { tagsMax, tagViews } from '../tags.ts'

export const listTagsForStream = operation({
  name: 'ListTagsForStream',
  input: structure({
    ...streamReference,
    ExclusiveStartTagKey: optional(string({ min: 1, max: 128 })),
    Limit: optional(integer({ min: 1, max: tagsMax })),
  }),
  resource: streamResource,
  rate: { perSecond: 5, per: 'account' },
  async handle(context: StreamsContext, input) {
    const after = input.ExclusiveStartTagKey
    const left = tagViews(streamOf(context, input).tags).filter(({ Key }) => after === undefined || Key > after)
    const tags = left.slice(0, input.Limit ?? tagsMax)
    return { Tags: tags, HasMoreTags: tags.length < left.length }
  },
})
