import { assertError } from './harness/answers.ts'
import { sdk } from './harness/cases.ts'
import { kinesisWithBuckets } from './harness/channels.ts'
import { inputCases } from './harness/input-cases.ts'
import { channelArn } from './harness/members.ts'

const kinesis = kinesisWithBuckets()

inputCases(kinesis, 'DescribeChannel', { required: { ChannelARN: channelArn } })

sdk('a channel that is not there is not found', async () => {
  const answer = await kinesis.ask('DescribeChannel', { ChannelARN: channelArn.valid })
  assertError(answer, 'ResourceNotFoundException')
})
