import { requestTagKeys } from '../../../core/needs.ts'
import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import { needOn } from '../access.ts'
import type { StreamsContext } from '../context.ts'
import { arnResource, resourceArn, tagMap } from '../members.ts'
import { checkTags, taggedResource } from '../tags.ts'

export const tagResource = operation({
  name: 'TagResource',
  input: structure({ Tags: tagMap, ResourceARN: resourceArn }),
  resource: arnResource,
  needs: (input, context: StreamsContext) => [
    needOn(context, 'TagResource', arnResource(input, context), requestTagKeys(input.Tags)),
  ],
  rate: { perSecond: 5, per: 'account' },
  async handle(context: StreamsContext, input) {
    checkTags(input.Tags)
    await taggedResource(context, input.ResourceARN).add(input.Tags)
  },
})
