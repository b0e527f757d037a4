import { assertError } from './harness/answers.ts'
import { unverified } from './harness/cases.ts'
import { inputCases } from './harness/input-cases.ts'
import { Kinesis } from './harness/kinesis.ts'
import { onlyMillrace } from './harness/target.ts'

const kinesis = new Kinesis()

inputCases(kinesis, 'ListChannels', {})

unverified(
  'ListChannels answers honestly that it is not supported yet',
  async () => {
    const answer = await kinesis.ask('ListChannels', {})
    assertError(answer, 'UnsupportedOperationException', /ListChannels/, 501)
  },
  onlyMillrace,
)
