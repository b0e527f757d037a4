import { invalidArgument } from '../../../core/aws-error.ts'
import { operation } from '../../../core/operation.ts'
import { optional, structure, timestamp } from '../../../core/shapes.ts'
import type { Json } from '../../../storage/catalog.ts'
import type { StreamsContext } from '../context.ts'
import {
  expiredNextToken,
  invalidNextToken,
  shardNotFound,
  streamNotActiveOrUpdating,
  streamNotFound,
} from '../faults.ts'
import { nextToken, pageSize, shardId, streamNameOf, streamOf, streamReference, streamResource } from '../members.ts'
import { pageTokenLifeMs } from '../page-token.ts'
import { checkShardFilter, filteredShards, type ShardFilter, shardFilter } from '../shard-filter.ts'
import { parseShardId, shardView } from '../shard-view.ts'
import type { Stream } from '../stream.ts'

/** The largest page; also the default. */
const pageMax = 1000

export const listShards = operation({
  name: 'ListShards',
  input: structure({
    ...streamReference,
    NextToken: optional(nextToken),
    ExclusiveStartShardId: optional(shardId),
    MaxResults: optional(pageSize),
    StreamCreationTimestamp: optional(timestamp()),
    ShardFilter: optional(shardFilter),
  }),
  resource: (input, context: StreamsContext) => {
    const { NextToken } = input
    const token = NextToken === undefined ? undefined : (context.tokens.open(tokenKind, NextToken) as Token | undefined)
    return token ? `stream/${token.name}` : streamResource(input, context)
  },
  rate: { perSecond: 1000, per: 'resource' },
  async handle(context: StreamsContext, input) {
    const { clock, place, tokens } = context
    const page = input.NextToken === undefined ? firstPage(context, input) : nextPage(context, input, input.NextToken)
    const { stream, filter, afterIndex } = page
    if (stream.status === 'CREATING' || stream.status === 'DELETING')
      throw streamNotActiveOrUpdating(stream, place.accountId)
    const nowMs = clock.nowMs()
    const left = filteredShards(stream, filter, nowMs).filter(({ index }) => index > afterIndex)
    const shards = left.slice(0, Math.min(input.MaxResults ?? pageMax, pageMax))
    const token: Token = {
      name: stream.name,
      id: stream.id,
      afterIndex: shards.at(-1)?.index ?? afterIndex,
      type: filter.Type,
      ...(filter.Timestamp && { timestampMs: filter.Timestamp.getTime() }),
      madeAtMs: nowMs,
    }
    return {
      Shards: shards.map(shardView),
      ...(shards.length < left.length && { NextToken: tokens.seal(tokenKind, token) }),
    }
  },
})

type Filter = Pick<ShardFilter, 'Type' | 'Timestamp'>

/** Which shards come next: those that the filter lets through with an index above `afterIndex`. */
type Page = { readonly stream: Stream; readonly filter: Filter; readonly afterIndex: number }

/** What a NextToken carries: AWS keeps the stream and the filter in it, so that the client need not say them again. */
type Token = {
  readonly name: string
  /** Of another stream by this name, a token is worth nothing. */
  readonly id: string
  readonly afterIndex: number
  readonly type: Filter['Type']
  readonly timestampMs?: number
  readonly madeAtMs: number
} & { readonly [name: string]: Json }

const tokenKind = 'list-shards'

type Input = {
  readonly StreamName?: string | undefined
  readonly StreamARN?: string | undefined
  readonly ExclusiveStartShardId?: string | undefined
  readonly StreamCreationTimestamp?: Date | undefined
  readonly ShardFilter?: ShardFilter | undefined
}

function firstPage(context: StreamsContext, input: Input): Page {
  const { place } = context
  if (input.StreamName === undefined && input.StreamARN === undefined)
    throw invalidArgument('Either NextToken or StreamName should be provided.')
  const filter = input.ShardFilter ?? { Type: 'FROM_TRIM_HORIZON', ShardId: undefined, Timestamp: undefined }
  checkShardFilter(filter)
  const stream = streamOf(context, input)
  // Clients give back what they were told, but not all of them keep its milliseconds.
  const createdAt = input.StreamCreationTimestamp
  if (createdAt && Math.abs(createdAt.getTime() - stream.createdAtMs) >= 1000)
    throw streamNotFound(stream.name, place.accountId)
  const starts = [input.ExclusiveStartShardId, filter.ShardId].map((id) => {
    if (id === undefined) return -1
    const index = parseShardId(id)
    if (index === undefined) throw shardNotFound(id, stream.name, place.accountId)
    return index
  })
  return { stream, filter, afterIndex: Math.max(...starts) }
}

function nextPage(context: StreamsContext, input: Input, text: string): Page {
  const { clock, place, streams, tokens } = context
  for (const member of ['StreamName', 'ExclusiveStartShardId', 'StreamCreationTimestamp'] as const)
    if (input[member] !== undefined) throw invalidArgument(`NextToken and ${member} cannot be provided together.`)
  const token = tokens.open(tokenKind, text) as Token | undefined
  if (!token || (input.StreamARN !== undefined && streamNameOf(context, input) !== token.name)) throw invalidNextToken()
  if (clock.nowMs() - token.madeAtMs > pageTokenLifeMs) throw expiredNextToken()
  const stream = streams.get(token.name)
  if (stream.id !== token.id) throw streamNotFound(token.name, place.accountId)
  const Timestamp = token.timestampMs === undefined ? undefined : new Date(token.timestampMs)
  return { stream, filter: { Type: token.type, Timestamp }, afterIndex: token.afterIndex }
}
