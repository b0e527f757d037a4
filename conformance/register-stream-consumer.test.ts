import { inputCases } from './harness/input-cases.ts'
import { Kinesis } from './harness/kinesis.ts'
import { consumerName, streamArn, tags } from './harness/members.ts'

const kinesis = new Kinesis()

inputCases(kinesis, 'RegisterStreamConsumer', {
  required: { StreamARN: streamArn, ConsumerName: consumerName },
  optional: { Tags: tags },
  findsStream: 'StreamARN',
})
