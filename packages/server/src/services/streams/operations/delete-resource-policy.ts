import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import type { StreamsContext } from '../context.ts'
import { policyNotFound } from '../faults.ts'
import { arnResource, resourceArn, streamId } from '../members.ts'
import { guardedResource } from '../resource-policy.ts'

export const deleteResourcePolicy = operation({
  name: 'DeleteResourcePolicy',
  input: structure({ ResourceARN: resourceArn, StreamId: streamId }),
  resource: arnResource,
  async handle(context: StreamsContext, { ResourceARN }) {
    const guarded = guardedResource(context, ResourceARN)
    if (guarded.policy === undefined) throw policyNotFound(ResourceARN)
    await guarded.setPolicy(undefined)
  },
})
