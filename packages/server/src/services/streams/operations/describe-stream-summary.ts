import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import type { StreamsContext } from '../context.ts'
import { streamOf, streamReference, streamResource } from '../members.ts'
import { openShardCount, streamView } from '../stream-view.ts'
import { warmThroughputView } from '../warm-throughput.ts'

export const describeStreamSummary = operation({
  name: 'DescribeStreamSummary',
  input: structure({ ...streamReference }),
  resource: streamResource,
  rate: { perSecond: 20, per: 'account' },
  async handle(context: StreamsContext, input) {
    const stream = streamOf(context, input)
    return {
      StreamDescriptionSummary: {
        ...streamView(context, stream),
        OpenShardCount: openShardCount(stream),
        ConsumerCount: context.consumers.ofStream(stream).length,
        MaxRecordSizeInKiB: stream.maxRecordSizeKiB,
        ...(stream.mode === 'ON_DEMAND' && {
          RecordDistributionStrategy: stream.distributionStrategy,
          ChannelCount: context.channels.ofStream(stream).length,
        }),
        ...(stream.warmThroughputMiBps !== undefined && { WarmThroughput: warmThroughputView(context, stream) }),
      },
    }
  },
})
