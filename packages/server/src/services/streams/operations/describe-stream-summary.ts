import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import type { StreamsContext } from '../context.ts'
import { streamArnOf, streamOf, streamReference, streamResource } from '../members.ts'

export const describeStreamSummary = operation({
  name: 'DescribeStreamSummary',
  input: structure({ ...streamReference }),
  resource: streamResource,
  rate: { perSecond: 20, per: 'account' },
  async handle(context: StreamsContext, input) {
    const stream = streamOf(context, input)
    return {
      StreamDescriptionSummary: {
        StreamName: stream.name,
        StreamARN: streamArnOf(context, stream),
        StreamStatus: stream.status,
        StreamModeDetails: { StreamMode: stream.mode },
        RetentionPeriodHours: stream.retentionHours,
        StreamCreationTimestamp: new Date(stream.createdAtMs),
        EnhancedMonitoring: [{ ShardLevelMetrics: stream.shardLevelMetrics }],
        EncryptionType: 'NONE',
        OpenShardCount: stream.shardMap.openShards.length,
        ConsumerCount: context.consumers.ofStream(stream).length,
        MaxRecordSizeInKiB: stream.maxRecordSizeKiB,
        ...(stream.mode === 'ON_DEMAND' && { RecordDistributionStrategy: stream.distributionStrategy }),
        ...(stream.warmThroughputMiBps !== undefined && {
          WarmThroughput: { TargetMiBps: stream.warmThroughputMiBps, CurrentMiBps: stream.warmThroughputMiBps },
        }),
      },
    }
  },
})
