import { inputCases } from './harness/input-cases.ts'
import { Kinesis } from './harness/kinesis.ts'
import { scalingType, streamArn, streamName, targetShardCount } from './harness/members.ts'

const kinesis = new Kinesis()

inputCases(kinesis, 'UpdateShardCount', {
  required: { TargetShardCount: targetShardCount, ScalingType: scalingType },
  optional: { StreamName: streamName, StreamARN: streamArn },
  findsStream: 'StreamName',
})
