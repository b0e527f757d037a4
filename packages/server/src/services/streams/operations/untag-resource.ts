import { tagNameKeys } from '../../../core/needs.ts'
import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import { needOn } from '../access.ts'
import type { StreamsContext } from '../context.ts'
import { arnResource, resourceArn } from '../members.ts'
import { taggedResource, tagKeys } from '../tags.ts'

export const untagResource = operation({
  name: 'UntagResource',
  input: structure({ TagKeys: tagKeys, ResourceARN: resourceArn }),
  resource: arnResource,
  needs: (input, context: StreamsContext) => [
    needOn(context, 'UntagResource', arnResource(input, context), tagNameKeys(input.TagKeys)),
  ],
  rate: { perSecond: 5, per: 'account' },
  async handle(context: StreamsContext, input) {
    await taggedResource(context, input.ResourceARN).remove(input.TagKeys)
  },
})
