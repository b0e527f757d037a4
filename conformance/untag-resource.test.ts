import { inputCases } from './harness/input-cases.ts'
import { Kinesis } from './harness/kinesis.ts'
import { resourceArn, tagKeys } from './harness/members.ts'

const kinesis = new Kinesis()

inputCases(kinesis, 'UntagResource', {
  required: { TagKeys: tagKeys, ResourceARN: resourceArn },
  findsStream: 'ResourceARN',
})
