import { inputCases } from './harness/input-cases.ts'
import { Kinesis } from './harness/kinesis.ts'
import {
  distributionStrategy,
  integer,
  maxRecordSize,
  shardCount,
  streamName,
  structure,
  tags,
} from './harness/members.ts'

const kinesis = new Kinesis()

inputCases(kinesis, 'CreateStream', {
  required: { StreamName: streamName },
  optional: {
    ShardCount: shardCount,
    StreamModeDetails: structure({ StreamMode: 'ON_DEMAND' }),
    Tags: tags,
    WarmThroughputMiBps: integer,
    MaxRecordSizeInKiB: maxRecordSize,
    RecordDistributionStrategy: distributionStrategy,
  },
})
