import { operation } from '../../../core/operation.ts'
import { string, structure } from '../../../core/shapes.ts'
import type { StreamsContext } from '../context.ts'
import { arnResource, resourceArn, streamId } from '../members.ts'
import { checkPolicy, guardedResource } from '../resource-policy.ts'

export const putResourcePolicy = operation({
  name: 'PutResourcePolicy',
  input: structure({ ResourceARN: resourceArn, Policy: string(), StreamId: streamId }),
  resource: arnResource,
  async handle(context: StreamsContext, { Policy, ResourceARN }) {
    const guarded = guardedResource(context, ResourceARN)
    await checkPolicy(context, guarded, Policy)
    await guarded.setPolicy(Policy)
  },
})
