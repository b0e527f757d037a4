import { notImplemented } from '../../../core/aws-error.ts'
import { operation } from '../../../core/operation.ts'
import { string, structure } from '../../../core/shapes.ts'
import type { StreamsContext } from '../context.ts'

export const describeChannel = operation({
  name: 'DescribeChannel',
  input: structure({ ChannelARN: string() }),
  resource: ({ ChannelARN }) => ChannelARN,
  handle: async (_context: StreamsContext) => {
    throw notImplemented('DescribeChannel', 'the release that brings Data Firehose')
  },
})
