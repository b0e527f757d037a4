import { notImplemented } from '../../../core/aws-error.ts'
import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import type { StreamsContext } from '../context.ts'

export const listChannels = operation({
  name: 'ListChannels',
  input: structure({}),
  resource: () => undefined,
  handle: async (_context: StreamsContext) => {
    throw notImplemented('ListChannels', 'the release that brings Data Firehose')
  },
})
