import { inputCases } from './harness/input-cases.ts'
import { Kinesis } from './harness/kinesis.ts'
import { resourceArn, tags } from './harness/members.ts'

const kinesis = new Kinesis()

inputCases(kinesis, 'TagResource', { required: { Tags: tags, ResourceARN: resourceArn }, findsStream: 'ResourceARN' })
