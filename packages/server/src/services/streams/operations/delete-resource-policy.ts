import { notImplemented } from '../../../core/aws-error.ts'
import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import type { StreamsContext } from '../context.ts'
import { arnResource, resourceArn } from '../members.ts'

export const deleteResourcePolicy = operation({
  name: 'DeleteResourcePolicy',
  input: structure({ ResourceARN: resourceArn }),
  resource: arnResource,
  handle: async (_context: StreamsContext) => {
    throw notImplemented('DeleteResourcePolicy', 'the release that brings security')
  },
})
