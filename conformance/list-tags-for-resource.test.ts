import { inputCases } from './harness/input-cases.ts'
import { Kinesis } from './harness/kinesis.ts'
import { resourceArn } from './harness/members.ts'

const kinesis = new Kinesis()

inputCases(kinesis, 'ListTagsForResource', { required: { ResourceARN: resourceArn }, findsStream: 'ResourceARN' })
