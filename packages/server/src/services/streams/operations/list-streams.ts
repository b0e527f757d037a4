import { operation } from '../../../core/operation.ts'
import { optional, structure } from '../../../core/shapes.ts'
import type { StreamsContext } from '../context.ts'
import { nextToken, pageSize, streamArnOf, streamName } from '../members.ts'
import { openPageToken, sealPageToken } from '../page-token.ts'

/** The largest page; also the default. */
const pageMax = 100

export const listStreams = operation({
  name: 'ListStreams',
  input: structure({
    Limit: optional(pageSize),
    ExclusiveStartStreamName: optional(streamName),
    NextToken: optional(nextToken),
  }),
  resource: () => 'stream/*',
  rate: { perSecond: 5, per: 'account' },
  async handle(context: StreamsContext, input) {
    const token = input.NextToken === undefined ? undefined : openPageToken(context, 'list-streams', input.NextToken)
    const after = token ?? input.ExclusiveStartStreamName ?? ''
    const left = context.streams.all().filter(({ name }) => name > after)
    const streams = left.slice(0, Math.min(input.Limit ?? pageMax, pageMax))
    const hasMore = streams.length < left.length
    return {
      StreamNames: streams.map(({ name }) => name),
      HasMoreStreams: hasMore,
      ...(hasMore && { NextToken: sealPageToken(context, 'list-streams', streams.at(-1)!.name) }),
      StreamSummaries: streams.map((stream) => ({
        StreamName: stream.name,
        StreamARN: streamArnOf(context, stream),
        StreamStatus: stream.status,
        StreamModeDetails: { StreamMode: stream.mode },
        StreamCreationTimestamp: new Date(stream.createdAtMs),
      })),
    }
  },
})
