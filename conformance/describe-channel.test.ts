import { assertError } from './harness/answers.ts'
import { unverified } from './harness/cases.ts'
import { inputCases } from './harness/input-cases.ts'
import { Kinesis } from './harness/kinesis.ts'
import { onlyMillrace } from './harness/target.ts'

const kinesis = new Kinesis()

inputCases(kinesis, 'DescribeChannel', {})

unverified(
  'DescribeChannel answers honestly that it is not supported yet',
  async () => {
    const answer = await kinesis.ask('DescribeChannel', {
      ChannelARN: 'arn:aws:kinesis:us-east-1:000000000000:channel/x',
    })
    assertError(answer, 'UnsupportedOperationException', /DescribeChannel/, 501)
  },
  onlyMillrace,
)
