import { inputCases } from './harness/input-cases.ts'
import { Kinesis } from './harness/kinesis.ts'
import { list, streamArn, streamName } from './harness/members.ts'

const kinesis = new Kinesis()

inputCases(kinesis, 'EnableEnhancedMonitoring', {
  required: { ShardLevelMetrics: list(['ALL']) },
  optional: { StreamName: streamName, StreamARN: streamArn },
  findsStream: 'StreamName',
})
