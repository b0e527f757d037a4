import { assertError } from './harness/answers.ts'
import { unverified } from './harness/cases.ts'
import { inputCases } from './harness/input-cases.ts'
import { Kinesis } from './harness/kinesis.ts'
import { onlyMillrace } from './harness/target.ts'

const kinesis = new Kinesis()

inputCases(kinesis, 'CreateChannel', {})

unverified(
  'CreateChannel answers honestly that it is not supported yet',
  async () => {
    const answer = await kinesis.ask('CreateChannel', {
      ChannelName: 'channel',
      ServiceExecutionRoleARN: 'arn:aws:iam::000000000000:role/x',
      StreamConfigurationList: [],
    })
    assertError(answer, 'UnsupportedOperationException', /CreateChannel/, 501)
  },
  onlyMillrace,
)
