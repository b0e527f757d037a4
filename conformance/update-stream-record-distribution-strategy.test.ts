import { inputCases } from './harness/input-cases.ts'
import { Kinesis } from './harness/kinesis.ts'
import { distributionStrategy, streamArn } from './harness/members.ts'

const kinesis = new Kinesis()

inputCases(kinesis, 'UpdateStreamRecordDistributionStrategy', {
  required: { StreamARN: streamArn, RecordDistributionStrategy: distributionStrategy },
  findsStream: 'StreamARN',
})
