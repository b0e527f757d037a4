import type { StreamsContext } from './context.ts'
import { streamArnOf } from './members.ts'
import type { Stream } from './stream.ts'

/** What DescribeStream and DescribeStreamSummary both show of a stream. */
export const streamView = (context: StreamsContext, stream: Stream) => ({
  StreamName: stream.name,
  StreamARN: streamArnOf(context, stream),
  StreamStatus: stream.status,
  StreamModeDetails: { StreamMode: stream.mode },
  RetentionPeriodHours: stream.retentionHours,
  StreamCreationTimestamp: new Date(stream.createdAtMs),
  EnhancedMonitoring: [{ ShardLevelMetrics: stream.shardLevelMetrics }],
  EncryptionType: stream.encryption ? 'KMS' : 'NONE',
  ...(stream.encryption && { KeyId: stream.encryption.keyId }),
})

/** Open shards as clients see them: a stream that is being created has none yet. */
export const openShardCount = ({ status, shardMap }: Stream) => (status === 'CREATING' ? 0 : shardMap.openShards.length)
