import { assertError } from './harness/answers.ts'
import { unverified } from './harness/cases.ts'
import { inputCases } from './harness/input-cases.ts'
import { Kinesis } from './harness/kinesis.ts'
import { streamArnNowhere } from './harness/members.ts'
import { onlyMillrace } from './harness/target.ts'

const kinesis = new Kinesis()

inputCases(kinesis, 'DeleteResourcePolicy', {})

unverified(
  'DeleteResourcePolicy answers honestly that it is not supported yet',
  async () => {
    const answer = await kinesis.ask('DeleteResourcePolicy', { ResourceARN: streamArnNowhere })
    assertError(answer, 'UnsupportedOperationException', /DeleteResourcePolicy/, 501)
  },
  onlyMillrace,
)
