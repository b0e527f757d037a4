import { inputCases } from './harness/input-cases.ts'
import { Kinesis } from './harness/kinesis.ts'
import { consumerArn, consumerName, streamArn } from './harness/members.ts'

const kinesis = new Kinesis()

inputCases(kinesis, 'DescribeStreamConsumer', {
  optional: { StreamARN: streamArn, ConsumerName: consumerName, ConsumerARN: consumerArn },
})
