import { inputCases } from './harness/input-cases.ts'
import { Kinesis } from './harness/kinesis.ts'
import { boolean, recordLimit, shardIterator, streamArn } from './harness/members.ts'

const kinesis = new Kinesis()

inputCases(kinesis, 'GetRecords', {
  required: { ShardIterator: shardIterator },
  optional: { StreamARN: streamArn, Limit: recordLimit, DryRun: boolean },
})
