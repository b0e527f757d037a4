import { dryRunSucceeded, invalidArgument } from '../../../core/aws-error.ts'
import { path, resourceOfArn } from '../../../core/needs.ts'
import { operation } from '../../../core/operation.ts'
import { boolean, integer, optional, string, structure } from '../../../core/shapes.ts'
import type { StreamsContext } from '../context.ts'
import { rateExceeded } from '../faults.ts'
import { streamArn, streamNameOf, streamReference } from '../members.ts'
import { openIterator, sealIterator, streamNameIn } from '../shard-iterator.ts'
import { childShardsOf, readShard } from '../shard-reader.ts'
import { needsWithKey } from '../stream-key-needs.ts'
import { StreamMetrics } from '../stream-metrics.ts'

/** Bytes and records that one call gives at most. */
const answerBytesMax = 10 * 1024 * 1024
const answerRecordsMax = 10_000

/** The iterator says which stream is read; StreamARN may only agree with it. */
const streamRead = (
  { ShardIterator, StreamARN }: { readonly ShardIterator: string; readonly StreamARN?: string | undefined },
  context: StreamsContext,
) => path`stream/${streamNameIn(context, ShardIterator)}` ?? resourceOfArn(context.place, 'kinesis', StreamARN)

export const getRecords = operation({
  name: 'GetRecords',
  audit: { event: 'data', resourceType: 'AWS::Kinesis::Stream' },
  input: structure({
    StreamARN: optional(streamArn),
    StreamId: streamReference.StreamId,
    ShardIterator: string({ min: 1, max: 512 }),
    Limit: optional(integer({ min: 1, max: answerRecordsMax })),
    DryRun: optional(boolean()),
  }),
  resource: streamRead,
  needs: (input, context: StreamsContext) =>
    needsWithKey(context, 'GetRecords', streamRead(input, context), 'kms:Decrypt'),
  async handle(context: StreamsContext, input) {
    const { place, throughput } = context
    const position = openIterator(context, input.ShardIterator)
    const { stream, shard } = position
    if (input.StreamARN !== undefined && streamNameOf(context, { StreamARN: input.StreamARN }) !== stream.name)
      throw invalidArgument('StreamARN and ShardIterator must refer to the same stream.')
    if (input.DryRun) throw dryRunSucceeded('GetRecords')

    const metrics = new StreamMetrics(context, stream)
    if (!throughput.admitRead(stream, shard)) {
      metrics.readThrottled(shard)
      throw rateExceeded(shard, stream.name, place.accountId)
    }
    const limits = { bytesMax: answerBytesMax, entriesMax: input.Limit ?? answerRecordsMax }
    // Nothing waits here: so no signal is made, which costs 20 µs.
    const page = await readShard(context, position, limits)
    throughput.chargeRead(stream, shard, page.sizeBytes)
    metrics.getRecords(shard, page.records.count, page.sizeBytes, page.behindMs)
    return {
      Records: page.records,
      MillisBehindLatest: page.behindMs,
      ...(page.isAtEnd
        ? { ChildShards: childShardsOf(stream, shard) }
        : { NextShardIterator: sealIterator(context, { stream, shard, offset: page.nextOffset }) }),
    }
  },
})
