import { inputCases } from './harness/input-cases.ts'
import { Kinesis } from './harness/kinesis.ts'
import { maxRecordSize, streamArn } from './harness/members.ts'

const kinesis = new Kinesis()

inputCases(kinesis, 'UpdateMaxRecordSize', {
  required: { MaxRecordSizeInKiB: maxRecordSize },
  optional: { StreamARN: streamArn },
  findsStream: 'StreamARN',
})
