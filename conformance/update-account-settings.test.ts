import { inputCases } from './harness/input-cases.ts'
import { Kinesis } from './harness/kinesis.ts'
import { structure } from './harness/members.ts'

const kinesis = new Kinesis()

inputCases(kinesis, 'UpdateAccountSettings', {
  required: { MinimumThroughputBillingCommitment: structure({ Status: 'DISABLED' }) },
})
