import assert from 'node:assert/strict'
import { assertError } from './harness/answers.ts'
import { observed, unverified } from './harness/cases.ts'
import { inputCases } from './harness/input-cases.ts'
import { Kinesis } from './harness/kinesis.ts'
import { resourceArn } from './harness/members.ts'

const kinesis = new Kinesis()

inputCases(kinesis, 'GetResourcePolicy', { required: { ResourceARN: resourceArn }, findsStream: 'ResourceARN' })

observed('a stream without a policy has an empty one', async (t) => {
  const { arn } = await kinesis.stream(t)
  assert.deepEqual(await kinesis.call('GetResourcePolicy', { ResourceARN: arn }), { Policy: '{}' })
})

unverified('a consumer is named with the second of its creation, and not otherwise', async (t) => {
  const stream = await kinesis.stream(t)
  const consumerArn = await kinesis.consumer(stream)
  assert.deepEqual(await kinesis.call('GetResourcePolicy', { ResourceARN: consumerArn }), { Policy: '{}' })
  for (const ResourceARN of [`${consumerArn}0`, consumerArn.replace(/:\d+$/, '')])
    assertError(await kinesis.ask('GetResourcePolicy', { ResourceARN }), 'ResourceNotFoundException')
})
