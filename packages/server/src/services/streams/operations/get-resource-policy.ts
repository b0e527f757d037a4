import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import type { StreamsContext } from '../context.ts'
import { arnResource, resourceArn, streamId } from '../members.ts'
import { guardedResource } from '../resource-policy.ts'

export const getResourcePolicy = operation({
  name: 'GetResourcePolicy',
  input: structure({ ResourceARN: resourceArn, StreamId: streamId }),
  resource: arnResource,
  // Without a policy AWS answers with an empty one.
  handle: async (context: StreamsContext, { ResourceARN }) => ({
    Policy: guardedResource(context, ResourceARN).policy ?? '{}',
  }),
})
