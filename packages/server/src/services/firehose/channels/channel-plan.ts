import type { StreamChannel } from '../../../core/ports/channels.ts'
import type { StreamReader } from '../../../core/ports/streams.ts'
import type { FirehoseContext } from '../context.ts'
import type { Plan } from '../delivery/plan.ts'
import { backupTo } from '../destinations/s3/to-s3.ts'
import { noBuckets } from '../faults.ts'
import { s3WithDefaults } from '../settings/defaults.ts'
import { KinesisSource } from '../sources/kinesis-source.ts'
import { ChannelDestination } from './channel-destination.ts'
import type { ChannelMetrics } from './channel-metrics.ts'
import { RecordFormat } from './record-format.ts'

/** An object is full at so many bytes before compression; AWS does not say how many are its own. */
const objectBytesMax = 16 * 1024 * 1024
const concurrentMax = 4

type ChannelParts = { readonly id: string; readonly startMs: number; readonly metrics: ChannelMetrics }

/** A channel → how it is delivered: as a delivery stream from a Kinesis stream to S3. @throws InvalidArgumentException */
export function channelPlan(
  context: FirehoseContext,
  channel: StreamChannel,
  { id, startMs, metrics }: ChannelParts,
): Plan {
  const { clock, objects } = context
  if (!objects) throw noBuckets()
  const { arn, bucketArn, deadLetters, errorLog, freshnessMs, name, retentionMs, streamArn, version } = channel
  const kept = backupTo(context, channel, {
    ...s3WithDefaults({ ...nothing, RoleARN: '', BucketARN: deadLetters.bucketArn }),
    ErrorOutputPrefix: deadLetters.prefix,
  })
  return {
    ...{ name, id, version },
    // Its reads take nothing of what others may read of the stream [docs].
    source: new KinesisSource(
      { ...context, metrics, streams: uncounted(context.streams), pollMs: 0 },
      { name, streamArn, startMs },
    ),
    transforms: [new RecordFormat(clock, channel, metrics)],
    destination: new ChannelDestination(objects, channel, metrics),
    metricPrefix: 'DeliveryToS3',
    sizeBytesMax: objectBytesMax,
    intervalMs: freshnessMs,
    concurrentMax,
    retryMs: retentionMs,
    errorOutputType: 'processing-failed',
    errors: {
      ...kept,
      intervalMs: freshnessMs,
      destination: {
        async deliverErrors(type, failed, at) {
          await kept.destination.deliverErrors(type, failed, at)
          metrics.count('DeliveryToS3.DLQDeliverySuccess', failed.length)
        },
      },
    },
    errorLog: errorLog && { ...errorLog, facts: { channelARN: arn, destination: bucketArn } },
  }
}

const nothing = {
  ...{ Prefix: undefined, ErrorOutputPrefix: undefined, BufferingHints: undefined, CompressionFormat: undefined },
  ...{ EncryptionConfiguration: undefined, CloudWatchLoggingOptions: undefined },
}

const uncounted = (streams: StreamReader): StreamReader => ({
  find(arn) {
    const source = streams.find(arn)
    return source && { ...source, isUncounted: true }
  },
  shards: (source) => streams.shards(source),
  position: (source, shardId, start) => streams.position(source, shardId, start),
  read: (source, shardId, after, limits, signal) => streams.read(source, shardId, after, limits, signal),
  watch: (listener) => streams.watch(listener),
})
