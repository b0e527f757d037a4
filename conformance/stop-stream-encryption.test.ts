import { assertError } from './harness/answers.ts'
import { unverified } from './harness/cases.ts'
import { inputCases } from './harness/input-cases.ts'
import { Kinesis } from './harness/kinesis.ts'
import { onlyMillrace } from './harness/target.ts'

const kinesis = new Kinesis()

inputCases(kinesis, 'StopStreamEncryption', {})

unverified(
  'StopStreamEncryption answers honestly that it is not supported yet',
  async () => {
    const answer = await kinesis.ask('StopStreamEncryption', {
      StreamName: 'conformance-nowhere',
      EncryptionType: 'KMS',
      KeyId: 'alias/aws/kinesis',
    })
    assertError(answer, 'UnsupportedOperationException', /StopStreamEncryption/, 501)
  },
  onlyMillrace,
)
