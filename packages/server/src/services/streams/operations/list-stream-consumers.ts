import { invalidArgument } from '../../../core/aws-error.ts'
import { operation } from '../../../core/operation.ts'
import { optional, structure, timestamp } from '../../../core/shapes.ts'
import { consumerView } from '../consumer-reference.ts'
import type { StreamsContext } from '../context.ts'
import { expiredNextToken, invalidNextToken, streamNotFound } from '../faults.ts'
import { nextToken, pageSize, streamArn, streamOf, streamReference, streamResource } from '../members.ts'

/** The largest page; also the default. */
const pageMax = 100

const tokenKind = 'list-stream-consumers'
const tokenLifeMs = 300_000

/** What a NextToken carries. */
type Token = readonly [streamId: string, afterName: string, madeAtMs: number]

export const listStreamConsumers = operation({
  name: 'ListStreamConsumers',
  input: structure({
    StreamARN: streamArn,
    StreamId: streamReference.StreamId,
    NextToken: optional(nextToken),
    MaxResults: optional(pageSize),
    StreamCreationTimestamp: optional(timestamp()),
  }),
  resource: streamResource,
  rate: { perSecond: 5, per: 'resource' },
  async handle(context: StreamsContext, input) {
    const { clock, consumers, place, tokens } = context
    const { StreamCreationTimestamp: createdAt, NextToken } = input
    if (NextToken !== undefined && createdAt)
      throw invalidArgument('NextToken and StreamCreationTimestamp cannot be provided together.')
    const stream = streamOf(context, { StreamARN: input.StreamARN })
    // Clients give back what they were told, but not all of them keep its milliseconds.
    if (createdAt && Math.abs(createdAt.getTime() - stream.createdAtMs) >= 1000)
      throw streamNotFound(stream.name, place.accountId)

    const afterName = NextToken === undefined ? '' : openToken(context, stream.id, NextToken)
    const left = consumers.ofStream(stream).filter(({ name }) => name > afterName)
    const page = left.slice(0, Math.min(input.MaxResults ?? pageMax, pageMax))
    const token = [stream.id, page.at(-1)?.name ?? '', clock.nowMs()] satisfies Token
    return {
      Consumers: page.map((consumer) => consumerView(context, consumer)),
      ...(page.length < left.length && { NextToken: tokens.seal(tokenKind, token) }),
    }
  },
})

/** The name after which the next page begins. @throws InvalidArgumentException, ExpiredNextTokenException */
function openToken({ clock, tokens }: StreamsContext, streamId: string, text: string): string {
  const token = tokens.open(tokenKind, text) as Token | undefined
  if (token?.[0] !== streamId) throw invalidNextToken()
  if (clock.nowMs() - token[2] > tokenLifeMs) throw expiredNextToken()
  return token[1]
}
