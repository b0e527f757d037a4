import { notImplemented } from '../../../core/aws-error.ts'
import { operation } from '../../../core/operation.ts'
import { list, string, structure } from '../../../core/shapes.ts'
import type { StreamsContext } from '../context.ts'

export const createChannel = operation({
  name: 'CreateChannel',
  input: structure({
    ChannelName: string(),
    ServiceExecutionRoleARN: string(),
    StreamConfigurationList: list(structure({})),
  }),
  resource: ({ ChannelName }) => `channel/${ChannelName}`,
  handle: async (_context: StreamsContext) => {
    throw notImplemented('CreateChannel', 'the release that brings Data Firehose')
  },
})
