import assert from 'node:assert/strict'
import { ManualClock } from 'millrace'
import { assertError } from './harness/answers.ts'
import { docs, sdk, unverified } from './harness/cases.ts'
import { type Input, Kinesis, type TestStream, uniqueName } from './harness/kinesis.ts'
import { notOnAws, onlyLocal } from './harness/target.ts'

/* Registered consumers and their tags; what is pushed to them is in behaviour-fan-out.test.ts. */

const kinesis = new Kinesis()
const clock = new ManualClock()
/** Where nothing becomes ACTIVE until the case says so. */
const still = new Kinesis({ clock })

const register = ({ arn }: TestStream, ConsumerName: string, more: Input = {}) =>
  kinesis.ask('RegisterStreamConsumer', { StreamARN: arn, ConsumerName, ...more })

sdk('a consumer is found by its ARN, by stream and name, and by all of them when they agree', async (t) => {
  const stream = await kinesis.stream(t)
  const ConsumerARN = await kinesis.consumer(stream)
  const named = { StreamARN: stream.arn, ConsumerName: 'reader' }
  for (const input of [{ ConsumerARN }, named, { ConsumerARN, ...named }]) {
    const { ConsumerDescription } = await kinesis.call('DescribeStreamConsumer', input)
    const { ConsumerName, ConsumerStatus, StreamARN } = ConsumerDescription
    assert.deepEqual(
      [ConsumerDescription.ConsumerARN, ConsumerName, ConsumerStatus, StreamARN],
      [ConsumerARN, 'reader', 'ACTIVE', stream.arn],
    )
  }
})

sdk('a consumer is not found by an ARN and a name that disagree, nor by half of what names it', async (t) => {
  const stream = await kinesis.stream(t)
  const ConsumerARN = await kinesis.consumer(stream)
  const half = [{ ConsumerARN, ConsumerName: 'other' }, { StreamARN: stream.arn }, { ConsumerName: 'reader' }, {}]
  for (const operation of ['DescribeStreamConsumer', 'DeregisterStreamConsumer'])
    for (const input of half) assert.equal((await kinesis.ask(operation, input)).status, 400, JSON.stringify(input))
  assert.equal((await kinesis.ask('DescribeStreamConsumer', { ConsumerARN })).status, 200)
})

docs('a consumer that is deregistered is DELETING, then not found, and its name is free', async (t) => {
  const stream = await kinesis.stream(t)
  const ConsumerARN = await kinesis.consumer(stream)
  await kinesis.call('DeregisterStreamConsumer', { ConsumerARN })
  const gone = await kinesis.until(async () => {
    const answer = await kinesis.ask('DescribeStreamConsumer', { ConsumerARN })
    if (answer.status !== 200) return answer
    assert.equal(answer.body.ConsumerDescription.ConsumerStatus, 'DELETING')
  })
  assertError(gone, 'ResourceNotFoundException')
  assert.equal((await register(stream, 'reader')).status, 200)
})

sdk('ListStreamConsumers pages by MaxResults, and gives every consumer once', async (t) => {
  const stream = await kinesis.stream(t)
  const names = ['a', 'b', 'c', 'd', 'e']
  for (const name of names) await kinesis.consumer(stream, name)
  const seen: string[] = []
  let more: Input = {}
  do {
    const page = await kinesis.call('ListStreamConsumers', { StreamARN: stream.arn, MaxResults: 2, ...more })
    assert.ok(page.Consumers.length <= 2)
    for (const { ConsumerName } of page.Consumers) seen.push(ConsumerName)
    more = { NextToken: page.NextToken }
  } while (more.NextToken !== undefined)
  assert.equal(seen.length, names.length)
  assert.deepEqual(new Set(seen), new Set(names))
})

sdk('a summary counts the consumers of its stream', async (t) => {
  const stream = await kinesis.stream(t)
  const count = async () => (await kinesis.active(stream.name)).ConsumerCount
  assert.equal(await count(), 0)
  await kinesis.consumer(stream, 'a')
  await kinesis.consumer(stream, 'b')
  assert.equal(await count(), 2)
})

docs(
  'a stream has at most twenty consumers',
  async (t) => {
    const stream = await kinesis.stream(t)
    for (let i = 0; i < 20; i++) await kinesis.consumer(stream, `c${i}`)
    assertError(await register(stream, 'one-more'), 'LimitExceededException')
  },
  notOnAws,
)

docs(
  'at most five consumers of a stream are CREATING at once',
  async () => {
    const name = uniqueName()
    await still.call('CreateStream', { StreamName: name, ShardCount: 1 })
    await clock.advance(1000)
    const { StreamDescriptionSummary } = await still.call('DescribeStreamSummary', { StreamName: name })
    const ask = (ConsumerName: string) =>
      still.ask('RegisterStreamConsumer', { StreamARN: StreamDescriptionSummary.StreamARN, ConsumerName })
    for (const consumer of ['a', 'b', 'c', 'd', 'e']) assert.equal((await ask(consumer)).status, 200, consumer)
    assertError(await ask('f'), 'LimitExceededException')
    await clock.advance(1000)
    assert.equal((await ask('f')).status, 200)
  },
  onlyLocal,
)

sdk('a consumer has tags of its own', async (t) => {
  const stream = await kinesis.stream(t)
  const tagsOf = async (ResourceARN: string) => (await kinesis.call('ListTagsForResource', { ResourceARN })).Tags
  const { body } = await register(stream, 'tagged', { Tags: { team: 'blue' } })
  const { ConsumerARN } = body.Consumer
  await kinesis.call('TagResource', { ResourceARN: ConsumerARN, Tags: { tier: 'gold', team: 'red' } })
  await kinesis.call('UntagResource', { ResourceARN: ConsumerARN, TagKeys: ['team', 'never-there'] })
  assert.deepEqual(await tagsOf(ConsumerARN), [{ Key: 'tier', Value: 'gold' }])
  assert.deepEqual(await tagsOf(stream.arn), [])
})

sdk('TagResource on a stream and AddTagsToStream write the same tags', async (t) => {
  const { name, arn } = await kinesis.stream(t)
  await kinesis.call('TagResource', { ResourceARN: arn, Tags: { a: '1' } })
  await kinesis.call('AddTagsToStream', { StreamName: name, Tags: { b: '2' } })
  await kinesis.call('UntagResource', { ResourceARN: arn, TagKeys: ['a'] })
  const { Tags, HasMoreTags } = await kinesis.call('ListTagsForStream', { StreamName: name })
  assert.deepEqual([Tags, HasMoreTags], [[{ Key: 'b', Value: '2' }], false])
})

unverified('a consumer of a stream that is not there cannot be tagged or listed', async (t) => {
  const { arn } = await kinesis.stream(t)
  const nowhere = `${arn}-nowhere`
  assertError(await kinesis.ask('ListStreamConsumers', { StreamARN: nowhere }), 'ResourceNotFoundException')
  const ResourceARN = `${nowhere}/consumer/reader:1700000000`
  assertError(await kinesis.ask('TagResource', { ResourceARN, Tags: { a: 'b' } }), 'ResourceNotFoundException')
})
