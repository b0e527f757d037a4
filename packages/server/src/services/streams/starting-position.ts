import { invalidArgument } from '../../core/aws-error.ts'
import { enumeration } from '../../core/shapes.ts'
import { LogNotFound } from '../../storage/log.ts'
import type { StreamsContext } from './context.ts'
import { shardDoesNotExist, shardNotFound } from './faults.ts'
import { offsetOf, parseSequenceNumber, type SequenceNumber } from './sequence-number.ts'
import { parseShardId } from './shard-view.ts'
import { isExpired, logIdOf, type Shard, type Stream, shardIdOf } from './stream.ts'

/* Where reading begins: GetShardIterator and SubscribeToShard mean the same five positions. */

export const shardIteratorType = enumeration(
  'AFTER_SEQUENCE_NUMBER',
  'LATEST',
  'AT_TIMESTAMP',
  'TRIM_HORIZON',
  'AT_SEQUENCE_NUMBER',
)

export type StartingPosition = {
  readonly type: 'AFTER_SEQUENCE_NUMBER' | 'LATEST' | 'AT_TIMESTAMP' | 'TRIM_HORIZON' | 'AT_SEQUENCE_NUMBER'
  readonly sequenceNumber: string | undefined
  readonly timestamp: Date | undefined
}

/**
 * A shard, by its name and its stream's. Of a stream that is not there, or has no shards yet, AWS says that the shard is not.
 * @throws ResourceNotFoundException
 */
export function namedShard(context: StreamsContext, streamName: string, shardId: string) {
  const { place, streams } = context
  const stream = streams.find(streamName)
  if (stream && stream.status !== 'CREATING') return { stream, shard: readableShard(context, stream, shardId) }
  const index = parseShardId(shardId)
  throw index === undefined
    ? shardNotFound(shardId, streamName, place.accountId)
    : shardDoesNotExist(shardIdOf(index), streamName, place.accountId)
}

/** The shard that an id means, while it has records or may get some. @throws ResourceNotFoundException */
export function readableShard({ clock, place }: StreamsContext, stream: Stream, shardId: string): Shard {
  const index = parseShardId(shardId)
  if (index === undefined) throw shardNotFound(shardId, stream.name, place.accountId)
  const shard = stream.shards.find((candidate) => candidate.index === index)
  if (!shard || isExpired(stream, shard, clock.nowMs()))
    throw shardDoesNotExist(shardIdOf(index), stream.name, place.accountId)
  return shard
}

/**
 * The offset at which reading begins. It is a position: no record need be there.
 * @throws InvalidArgumentException for a number or time that is missing, not wanted, or not of this shard;
 * ResourceNotFoundException if it goes meanwhile
 */
export async function startingOffset(
  context: StreamsContext,
  stream: Stream,
  shard: Shard,
  position: StartingPosition,
  operation: string,
): Promise<number> {
  try {
    return await offsetAt(context, stream, shard, position, operation)
  } catch (error) {
    // A stream's logs go before its name does.
    if (error instanceof LogNotFound)
      throw shardDoesNotExist(shardIdOf(shard.index), stream.name, context.place.accountId)
    throw error
  }
}

async function offsetAt(
  context: StreamsContext,
  stream: Stream,
  shard: Shard,
  position: StartingPosition,
  operation: string,
): Promise<number> {
  const { clock, log } = context
  const logId = logIdOf(stream, shard.index)
  const { type, sequenceNumber, timestamp } = position
  const takesNumber = type === 'AT_SEQUENCE_NUMBER' || type === 'AFTER_SEQUENCE_NUMBER'
  if (takesNumber !== (sequenceNumber !== undefined)) throw wrongCombination(type, sequenceNumber !== undefined)

  if (takesNumber) {
    const number = numberOfShard(context, stream, shard, sequenceNumber!, operation)
    const isAfter = type === 'AFTER_SEQUENCE_NUMBER' && number.counter > 0n
    // No record beyond the end has a number yet, except that a closed shard's last one stands for its end.
    return Math.min(offsetOf(number) + (isAfter ? 1 : 0), (await log.bounds(logId)).end)
  }
  if (type === 'LATEST') return (await log.bounds(logId)).end
  if (type === 'TRIM_HORIZON') return (await log.bounds(logId)).start

  if (timestamp === undefined)
    throw invalidArgument(
      'Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request has no timestamp ' +
        'parameter.',
    )
  const timestampMs = timestamp.getTime()
  const nowMs = clock.nowMs()
  if (timestampMs > nowMs)
    throw invalidArgument(
      'The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. ' +
        `timestampInMillis: ${timestampMs}, currentTimestampInMillis: ${nowMs}`,
    )
  return log.offsetAt(logId, timestampMs)
}

const wrongCombination = (type: string, isGiven: boolean) =>
  invalidArgument(
    'Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or ' +
      '(2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. ' +
      `Request specified ${type} and ${isGiven ? 'also a' : 'no'} StartingSequenceNumber.`,
  )

function numberOfShard(
  { place }: StreamsContext,
  stream: Stream,
  shard: Shard,
  text: string,
  operation: string,
): SequenceNumber {
  const number = parseSequenceNumber(text)
  const shardId = shardIdOf(shard.index)
  const used =
    `StartingSequenceNumber ${text} used in ${operation} on shard ${shardId} in stream ${stream.name} under account ` +
    place.accountId
  if (!number) throw invalidArgument(`${used} is invalid.`)
  if (number.shardIndex !== shard.index)
    throw invalidArgument(
      `Invalid StartingSequenceNumber. It encodes ${shardIdOf(number.shardIndex)}, while it was used in a call to a ` +
        `shard with ${shardId}`,
    )
  if (number.shardCreatedAtS !== Math.floor(shard.createdAtMs / 1000))
    throw invalidArgument(`${used} is invalid because it did not come from this stream.`)
  return number
}
