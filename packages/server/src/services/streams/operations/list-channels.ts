import { operation } from '../../../core/operation.ts'
import { list, optional, structure, timestamp } from '../../../core/shapes.ts'
import type { Channel } from '../channel.ts'
import { channelSummary } from '../channel-view.ts'
import type { StreamsContext } from '../context.ts'
import { nextToken, pageSize, streamArn, streamArnOf } from '../members.ts'
import { openPageToken, sealPageToken } from '../page-token.ts'

/** The largest page; also the default. */
const pageMax = 100

const streamFilter = structure({ StreamARN: streamArn, StreamCreationTimestamp: optional(timestamp()) })

export const listChannels = operation({
  name: 'ListChannels',
  input: structure({
    StreamFilter: optional(list(streamFilter, { min: 1, max: 10_000 })),
    MaxResults: optional(pageSize),
    NextToken: optional(nextToken),
  }),
  resource: () => 'stream/*',
  rate: { perSecond: 5, per: 'account' },
  async handle(context: StreamsContext, input) {
    const { NextToken: token, StreamFilter: filters } = input
    const after = token === undefined ? '' : openPageToken(context, 'list-channels', token)
    const isWanted = ({ stream }: Channel) =>
      filters === undefined ||
      filters.some(
        ({ StreamARN, StreamCreationTimestamp: createdAt }) =>
          StreamARN === streamArnOf(context, stream) &&
          // Clients give back what they were told, but not all of them keep its milliseconds.
          (!createdAt || Math.abs(createdAt.getTime() - stream.createdAtMs) < 1000),
      )
    const left = context.channels
      .all()
      .filter((channel) => channel.name > after && isWanted(channel))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
    const page = left.slice(0, Math.min(input.MaxResults ?? pageMax, pageMax))
    return {
      ChannelSummaries: page.map((channel) => channelSummary(context, channel)),
      ...(page.length < left.length && { NextToken: sealPageToken(context, 'list-channels', page.at(-1)!.name) }),
    }
  },
})
