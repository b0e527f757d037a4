import { dryRunSucceeded } from '../../../core/aws-error.ts'
import { resourceOfArn } from '../../../core/needs.ts'
import { EventStream, operation } from '../../../core/operation.ts'
import { boolean, optional, structure, timestamp } from '../../../core/shapes.ts'
import { consumerByArn } from '../consumer-reference.ts'
import type { StreamsContext } from '../context.ts'
import { consumerNotReady, subscribedTooSoon } from '../faults.ts'
import { consumerArn, sequenceNumber, shardId, streamReference } from '../members.ts'
import { pushShard } from '../shard-push.ts'
import { readableShard, shardIteratorType, startingOffset } from '../starting-position.ts'
import { needsWithKey } from '../stream-key-needs.ts'
import { StreamMetrics } from '../stream-metrics.ts'

export const subscribeToShard = operation({
  name: 'SubscribeToShard',
  audit: { event: 'data', resourceType: 'AWS::Kinesis::StreamConsumer' },
  input: structure({
    ConsumerARN: consumerArn,
    StreamId: streamReference.StreamId,
    ShardId: shardId,
    StartingPosition: structure({
      Type: shardIteratorType,
      SequenceNumber: optional(sequenceNumber),
      Timestamp: optional(timestamp()),
    }),
    DryRun: optional(boolean()),
  }),
  resource: ({ ConsumerARN }, { place }: StreamsContext) => resourceOfArn(place, 'kinesis', ConsumerARN),
  needs: ({ ConsumerARN }, context: StreamsContext) =>
    needsWithKey(context, 'SubscribeToShard', resourceOfArn(context.place, 'kinesis', ConsumerARN), 'kms:Decrypt'),
  async handle(context: StreamsContext, input, { signal }) {
    const { limits, place, streams, subscriptions } = context
    const { Type: type, SequenceNumber: number, Timestamp: time } = input.StartingPosition
    const consumer = consumerByArn(context, input.ConsumerARN)
    if (consumer.status !== 'ACTIVE') throw consumerNotReady(consumer, place.accountId)
    const stream = streams.get(consumer.streamName)
    const shard = readableShard(context, stream, input.ShardId)
    const position = { type, sequenceNumber: number, timestamp: time }
    const offset = await startingOffset(context, stream, shard, position, 'SubscribeToShard')
    if (input.DryRun) throw dryRunSucceeded('SubscribeToShard')

    const key = `${stream.id}/${shard.index}/${input.ConsumerARN}`
    const subscription = subscriptions.begin(key, limits.consumerBytesOutPerSecond)
    new StreamMetrics(context, stream).subscribed(consumer.name, subscription !== undefined)
    if (!subscription) throw subscribedTooSoon(input.ConsumerARN, shard)
    return new EventStream(pushShard(context, consumer, { stream, shard, offset }, subscription, signal))
  },
})
