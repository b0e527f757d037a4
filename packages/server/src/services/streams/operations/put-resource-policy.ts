import { notImplemented } from '../../../core/aws-error.ts'
import { operation } from '../../../core/operation.ts'
import { string, structure } from '../../../core/shapes.ts'
import type { StreamsContext } from '../context.ts'
import { arnResource, resourceArn } from '../members.ts'

export const putResourcePolicy = operation({
  name: 'PutResourcePolicy',
  input: structure({ ResourceARN: resourceArn, Policy: string() }),
  resource: arnResource,
  handle: async (_context: StreamsContext) => {
    throw notImplemented('PutResourcePolicy', 'the release that brings security')
  },
})
