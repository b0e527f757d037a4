import { notImplemented } from '../../../core/aws-error.ts'
import { operation } from '../../../core/operation.ts'
import { string, structure } from '../../../core/shapes.ts'
import type { StreamsContext } from '../context.ts'

export const deleteChannel = operation({
  name: 'DeleteChannel',
  input: structure({ ChannelARN: string() }),
  resource: ({ ChannelARN }) => ChannelARN,
  handle: async (_context: StreamsContext) => {
    throw notImplemented('DeleteChannel', 'the release that brings Data Firehose')
  },
})
