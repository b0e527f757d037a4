import { inputCases } from './harness/input-cases.ts'
import { Kinesis } from './harness/kinesis.ts'
import { integer, streamArn, structure } from './harness/members.ts'

const kinesis = new Kinesis()

inputCases(kinesis, 'UpdateStreamMode', {
  required: { StreamARN: streamArn, StreamModeDetails: structure({ StreamMode: 'PROVISIONED' }) },
  optional: { WarmThroughputMiBps: integer },
  findsStream: 'StreamARN',
})
