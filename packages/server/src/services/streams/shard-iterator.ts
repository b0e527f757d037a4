import { AwsError } from '../../core/aws-error.ts'
import type { StreamsContext } from './context.ts'
import { invalidIterator, shardDoesNotExist, streamNotFound } from './faults.ts'
import { isExpired, type Shard, type Stream, shardIdOf } from './stream.ts'

/*
 * A shard iterator is a position in a shard, sealed: [streamName, streamId, shardIndex, offset, createdAtMs]. The server
 * remembers nothing of it.
 */

const kind = 'shard-iterator'

/** How long an iterator may be used. */
const iteratorLifeMs = 300_000

type Content = readonly [streamName: string, streamId: string, shardIndex: number, offset: number, createdAtMs: number]

export type ShardPosition = { readonly stream: Stream; readonly shard: Shard; readonly offset: number }

export const sealIterator = ({ clock, tokens }: StreamsContext, { stream, shard, offset }: ShardPosition): string =>
  tokens.seal(kind, [stream.name, stream.id, shard.index, offset, clock.nowMs()] satisfies Content)

/**
 * Where an iterator points.
 * @throws InvalidArgumentException, ExpiredIteratorException, ResourceNotFoundException if the stream or shard is gone
 */
export function openIterator({ clock, place, streams, tokens }: StreamsContext, iterator: string): ShardPosition {
  const content = tokens.open(kind, iterator)
  if (content === undefined) throw invalidIterator()
  const [name, id, shardIndex, offset, createdAtMs] = content as Content
  const nowMs = clock.nowMs()
  if (nowMs - createdAtMs > iteratorLifeMs) throw iteratorExpired(createdAtMs, nowMs)
  const stream = streams.find(name)
  if (stream?.id !== id) throw streamNotFound(name, place.accountId)
  const shard = stream.shards.find(({ index }) => index === shardIndex)
  if (!shard || isExpired(stream, shard, nowMs)) throw shardDoesNotExist(shardIdOf(shardIndex), name, place.accountId)
  return { stream, shard, offset }
}

/** The stream that an iterator reads, whether or not it still may be used; undefined for what is none. */
export const streamNameIn = ({ tokens }: Pick<StreamsContext, 'tokens'>, iterator: string): string | undefined =>
  (tokens.open(kind, iterator) as Content | undefined)?.[0]

const iteratorExpired = (createdAtMs: number, nowMs: number) =>
  new AwsError(
    'ExpiredIteratorException',
    `Iterator expired. The iterator was created at time ${asJavaDate(createdAtMs)} while right now it is ` +
      `${asJavaDate(nowMs)} which is further in the future than the tolerated delay of ${iteratorLifeMs} milliseconds.`,
  )

/** `Thu Jan 22 01:22:02 UTC 2015` */
function asJavaDate(timeMs: number): string {
  const [weekday, day, month, year, time] = new Date(timeMs).toUTCString().replace(',', '').split(' ')
  return `${weekday} ${month} ${day} ${time} UTC ${year}`
}
