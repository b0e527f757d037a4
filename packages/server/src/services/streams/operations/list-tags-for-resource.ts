import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import type { StreamsContext } from '../context.ts'
import { arnResource, resourceArn } from '../members.ts'
import { taggedResource, tagViews } from '../tags.ts'

export const listTagsForResource = operation({
  name: 'ListTagsForResource',
  input: structure({ ResourceARN: resourceArn }),
  resource: arnResource,
  rate: { perSecond: 5, per: 'account' },
  async handle(context: StreamsContext, input) {
    return { Tags: tagViews(taggedResource(context, input.ResourceARN).tags) }
  },
})
