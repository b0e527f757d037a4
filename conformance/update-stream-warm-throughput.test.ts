import { inputCases } from './harness/input-cases.ts'
import { Kinesis } from './harness/kinesis.ts'
import { integer, streamArn, streamName } from './harness/members.ts'

const kinesis = new Kinesis()

inputCases(kinesis, 'UpdateStreamWarmThroughput', {
  required: { WarmThroughputMiBps: integer },
  optional: { StreamName: streamName, StreamARN: streamArn },
  findsStream: 'StreamName',
})
