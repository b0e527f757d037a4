import assert from 'node:assert/strict'
import { assertError } from './harness/answers.ts'
import { docs, observed, unverified } from './harness/cases.ts'
import { inputCases } from './harness/input-cases.ts'
import { Kinesis } from './harness/kinesis.ts'
import { resourceArn, text } from './harness/members.ts'

const kinesis = new Kinesis()

inputCases(kinesis, 'PutResourcePolicy', {
  required: { ResourceARN: resourceArn, Policy: text },
  findsStream: 'ResourceARN',
})

const policyOf = (statement: Readonly<Record<string, unknown>>) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...statement }] })

const shared = (arn: string, accountId: string, action = 'kinesis:GetRecords') =>
  policyOf({ Principal: { AWS: `arn:aws:iam::${accountId}:root` }, Action: action, Resource: arn })

docs('a policy of a stream comes back as it was put, and another takes its place', async (t) => {
  const { arn, accountId } = await kinesis.stream(t)
  const first = shared(arn, accountId)
  const second = shared(arn, accountId, 'kinesis:*')
  await kinesis.call('PutResourcePolicy', { ResourceARN: arn, Policy: first })
  assert.equal((await kinesis.call('GetResourcePolicy', { ResourceARN: arn })).Policy, first)
  await kinesis.call('PutResourcePolicy', { ResourceARN: arn, Policy: second })
  assert.equal((await kinesis.call('GetResourcePolicy', { ResourceARN: arn })).Policy, second)
})

docs('a consumer has a policy of its own, beside that of its stream', async (t) => {
  const stream = await kinesis.stream(t)
  const consumerArn = await kinesis.consumer(stream)
  const policy = shared(consumerArn, stream.accountId, 'kinesis:SubscribeToShard')
  await kinesis.call('PutResourcePolicy', { ResourceARN: consumerArn, Policy: policy })
  assert.equal((await kinesis.call('GetResourcePolicy', { ResourceARN: consumerArn })).Policy, policy)
  assert.equal((await kinesis.call('GetResourcePolicy', { ResourceARN: stream.arn })).Policy, '{}')
})

docs('a policy goes with its stream: one that is made again by the same name has none', async (t) => {
  const { name, arn, accountId } = await kinesis.stream(t)
  await kinesis.call('PutResourcePolicy', { ResourceARN: arn, Policy: shared(arn, accountId) })
  await kinesis.call('DeleteStream', { StreamName: name })
  await kinesis.until(
    async () => (await kinesis.ask('DescribeStreamSummary', { StreamName: name })).status === 400 || undefined,
  )
  await kinesis.call('CreateStream', { StreamName: name, ShardCount: 1 })
  await kinesis.active(name)
  assert.equal((await kinesis.call('GetResourcePolicy', { ResourceARN: arn })).Policy, '{}')
})

unverified('what is no JSON, or no object, is no policy', async (t) => {
  const { arn } = await kinesis.stream(t)
  for (const Policy of ['{', '', '[]', '"text"', 'null'])
    assertError(
      await kinesis.ask('PutResourcePolicy', { ResourceARN: arn, Policy }),
      'InvalidArgumentException',
      'Policy validation error: This policy contains invalid Json',
    )
})

docs('a policy names a principal, actions of its resource, and the resource', async (t) => {
  const { arn, accountId } = await kinesis.stream(t)
  const good = { Principal: { AWS: accountId }, Action: 'kinesis:PutRecord', Resource: arn }
  await kinesis.call('PutResourcePolicy', { ResourceARN: arn, Policy: policyOf(good) })
  const bad: Record<string, unknown>[] = [
    { ...good, Principal: undefined },
    { ...good, Action: undefined },
    { ...good, Resource: undefined },
    { ...good, Action: 'kinesis:SubscribeToShard' },
    { ...good, Action: 's3:GetObject' },
    { ...good, Action: 'kinesis:ListStreams' },
    { ...good, Action: ['kinesis:PutRecord', 'kinesis:Nonsense*'] },
    { ...good, Resource: `${arn}-other` },
  ]
  for (const statement of bad)
    assertError(
      await kinesis.ask('PutResourcePolicy', { ResourceARN: arn, Policy: policyOf(statement) }),
      'InvalidArgumentException',
      /^Policy validation error: /,
    )
  assert.equal((await kinesis.call('GetResourcePolicy', { ResourceARN: arn })).Policy, policyOf(good))
})

docs('a policy has at most 20 KB', async (t) => {
  const { arn, accountId } = await kinesis.stream(t)
  const policy = shared(arn, accountId)
  const padded = (bytes: number) => policy.replace('{', `{${' '.repeat(bytes - policy.length)}`)
  await kinesis.call('PutResourcePolicy', { ResourceARN: arn, Policy: padded(20_480) })
  const answer = await kinesis.ask('PutResourcePolicy', { ResourceARN: arn, Policy: padded(20_481) })
  assertError(answer, 'InvalidArgumentException', /20480 bytes/)
})

observed('a consumer that is not ACTIVE yet takes no policy', async (t) => {
  const stream = await kinesis.stream(t)
  const { Consumer } = await kinesis.call('RegisterStreamConsumer', { StreamARN: stream.arn, ConsumerName: 'reader' })
  const policy = shared(Consumer.ConsumerARN, stream.accountId, 'kinesis:SubscribeToShard')
  const answer = await kinesis.ask('PutResourcePolicy', { ResourceARN: Consumer.ConsumerARN, Policy: policy })
  if (answer.status === 200) return t.skip('the consumer was ACTIVE at once')
  const [, second] = /:(\d+)$/.exec(Consumer.ConsumerARN)!
  assertError(
    answer,
    'ResourceInUseException',
    `Consumer reader with creation timestamp ${second} under stream ${stream.name} and account ${stream.accountId} ` +
      'is not in ACTIVE status.',
  )
})
