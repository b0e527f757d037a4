import { inputCases } from './harness/input-cases.ts'
import { Kinesis } from './harness/kinesis.ts'

const kinesis = new Kinesis()

inputCases(kinesis, 'DescribeAccountSettings', {})
