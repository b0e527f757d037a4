import { anySignal, type Clock } from '@millrace/ports'
import { AwsError } from '../../core/aws-error.ts'
import type { Consumer } from './consumer-store.ts'
import type { StreamsContext } from './context.ts'
import { consumerNotFound, subscriptionTakenOver } from './faults.ts'
import { numberBefore } from './sequence-number.ts'
import type { ShardPosition } from './shard-iterator.ts'
import { childShardsOf, readShard, type ShardPage } from './shard-reader.ts'
import type { ShardRecords } from './shard-records.ts'
import { logIdOf, type Shard } from './stream.ts'
import { StreamMetrics } from './stream-metrics.ts'
import { type Subscription, subscriptionLifeMs } from './subscriptions.ts'

/** An event without records comes when there were none for this long. */
const heartbeatMs = 5000

/** Records of one event: bytes and count. A larger record comes alone. */
const eventBytesMax = 1024 * 1024
const eventRecordsMax = 10_000

/**
 * A wait for records that ends early without any has met a log that is just being closed: the stream's change follows.
 * Until then it is asked again at this pace.
 */
const closingPaceMs = 10

/** AWS's SubscribeToShardEvent. Without ContinuationSequenceNumber, and with ChildShards, it is the shard's last. */
export type SubscribeToShardEvent = {
  readonly Records: ShardRecords
  readonly ContinuationSequenceNumber?: string
  readonly MillisBehindLatest: number
  readonly ChildShards?: ReturnType<typeof childShardsOf>
}

/**
 * A shard's records for a subscribed consumer, as they come. The next event is read when the one before was taken: a slow
 * client costs no memory. Ends after five minutes, at the end of a closed shard, or when `callSignal` aborts.
 * @throws ResourceInUseException when another call takes over, ResourceNotFoundException when stream or consumer goes
 */
export async function* pushShard(
  context: StreamsContext,
  consumer: Consumer,
  start: ShardPosition,
  subscription: Subscription,
  callSignal: AbortSignal,
): AsyncGenerator<{ readonly SubscribeToShardEvent: SubscribeToShardEvent }> {
  const { clock, consumers, logger, place, sharedEvents, streams } = context
  const { bytesOut, startedMs } = subscription
  const metrics = new StreamMetrics(context, start.stream)
  const gone = new AbortController()
  const isGone = () => isDeleted(consumers.find({ id: consumer.streamId }, consumer.name), consumer)
  const unwatch = consumers.watch(() => isGone() && gone.abort())
  const signal = anySignal([callSignal, subscription.signal, gone.signal])
  const endMs = startedMs + subscriptionLifeMs
  let { offset } = start
  let heartbeatAtMs = clock.monotonicMs() + heartbeatMs
  try {
    for (;;) {
      const debtMs = payMs(subscription)
      if (debtMs > 0) await clock.sleep(debtMs, signal)
      // A shard that is closed by now cannot get records any more: what is read from here on tells its end.
      const stream = streams.find(start.stream.name)
      const shard = stream?.id === start.stream.id ? stream.shards.find(sameShard(start.shard)) : undefined
      if (subscription.isTakenOver()) throw subscriptionTakenOver(consumers.arnOf(consumer), place.accountId)
      if (isGone() || !stream || !shard) throw consumerNotFound(consumers.arnOf(consumer), place.accountId)
      if (signal.aborted || clock.monotonicMs() >= endMs) return

      const waitMs = Math.max(0, Math.min(heartbeatAtMs, endMs) - clock.monotonicMs())
      const limits = { bytesMax: eventBytesMax, entriesMax: eventRecordsMax, waitMs }
      const page = await readShard(context, { stream, shard, offset }, limits, signal)
      if (page.records.count === 0 && !page.isAtEnd && (signal.aborted || clock.monotonicMs() < heartbeatAtMs)) {
        offset = page.nextOffset
        await clock.sleep(Math.min(closingPaceMs, waitMs), signal)
        continue
      }
      const event = sharedEvents.eventFor(logIdOf(stream, shard.index), offset, page, () =>
        eventOf(page, shard, clock, () => childShardsOf(stream, shard)),
      )
      offset = page.nextOffset
      bytesOut.takeWhileAny(page.sizeBytes)
      metrics.pushed(consumer.name, page.records.count, page.sizeBytes, page.behindMs)
      yield { SubscribeToShardEvent: event }
      if (page.isAtEnd) return
      heartbeatAtMs = clock.monotonicMs() + heartbeatMs
    }
  } catch (error) {
    metrics.pushFailed(consumer.name)
    if (error instanceof AwsError) throw error
    logger.log('error', 'a subscription failed', { consumerArn: consumers.arnOf(consumer), error })
    throw new AwsError('InternalFailureException', 'Internal Service Failure', 500)
  } finally {
    unwatch()
    subscription.end()
  }
}

function eventOf(
  { records, nextOffset, behindMs, isAtEnd }: ShardPage,
  shard: Shard,
  clock: Clock,
  childShards: () => ReturnType<typeof childShardsOf>,
): SubscribeToShardEvent {
  // Client libraries take an event without this number for the end of the shard, and any other for not.
  if (isAtEnd) return { Records: records, MillisBehindLatest: behindMs, ChildShards: childShards() }
  const ContinuationSequenceNumber = records.lastSequenceNumber ?? numberBefore(shard, nextOffset, clock.nowMs())
  return { Records: records, ContinuationSequenceNumber, MillisBehindLatest: behindMs }
}

/** How long until what was given is paid for; 0 while anything is left. */
function payMs({ bytesOut }: Subscription): number {
  return bytesOut.available() <= 0 ? Math.ceil(bytesOut.waitMs(1)) : 0
}

const isDeleted = (found: Consumer | undefined, consumer: Consumer): boolean =>
  found?.createdAtMs !== consumer.createdAtMs || found.status === 'DELETING'

const sameShard =
  ({ index }: Shard) =>
  (shard: Shard) =>
    shard.index === index
