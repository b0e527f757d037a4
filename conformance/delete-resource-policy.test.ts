import assert from 'node:assert/strict'
import { assertError } from './harness/answers.ts'
import { observed, unverified } from './harness/cases.ts'
import { inputCases } from './harness/input-cases.ts'
import { Kinesis } from './harness/kinesis.ts'
import { resourceArn } from './harness/members.ts'

const kinesis = new Kinesis()

inputCases(kinesis, 'DeleteResourcePolicy', { required: { ResourceARN: resourceArn }, findsStream: 'ResourceARN' })

const shared = (arn: string, accountId: string, Action: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: accountId }, Action, Resource: arn }],
  })

observed('there is nothing to delete where no policy was put', async (t) => {
  const { arn } = await kinesis.stream(t)
  assertError(
    await kinesis.ask('DeleteResourcePolicy', { ResourceARN: arn }),
    'ResourceNotFoundException',
    `No resource policy found for resource ARN ${arn}.`,
  )
})

unverified('a policy that was deleted is gone, of the stream or of the consumer alone', async (t) => {
  const stream = await kinesis.stream(t)
  const consumerArn = await kinesis.consumer(stream)
  const { arn, accountId } = stream
  const ofConsumer = shared(consumerArn, accountId, 'kinesis:SubscribeToShard')
  await kinesis.call('PutResourcePolicy', { ResourceARN: arn, Policy: shared(arn, accountId, 'kinesis:GetRecords') })
  await kinesis.call('PutResourcePolicy', { ResourceARN: consumerArn, Policy: ofConsumer })
  await kinesis.call('DeleteResourcePolicy', { ResourceARN: arn })
  assert.equal((await kinesis.call('GetResourcePolicy', { ResourceARN: arn })).Policy, '{}')
  assert.equal((await kinesis.call('GetResourcePolicy', { ResourceARN: consumerArn })).Policy, ofConsumer)
  await kinesis.call('DeleteResourcePolicy', { ResourceARN: consumerArn })
  assertError(await kinesis.ask('DeleteResourcePolicy', { ResourceARN: consumerArn }), 'ResourceNotFoundException')
})
