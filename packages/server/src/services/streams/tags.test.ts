import assert from 'node:assert/strict'
import { test } from 'node:test'
import { streamsFixture } from './fixture.ts'

const StreamARN = 'arn:aws:kinesis:us-east-1:000000000000:stream/s'

async function taggedFixture() {
  const fixture = await streamsFixture()
  const { activeStream, call, clock } = fixture
  await activeStream('s')
  await call('RegisterStreamConsumer', { StreamARN, ConsumerName: 'c' })
  await clock.advance(50)
  const { ConsumerDescription } = await call('DescribeStreamConsumer', { StreamARN, ConsumerName: 'c' })
  const tagsOf = async (ResourceARN: string) =>
    (await call('ListTagsForResource', { ResourceARN })).Tags.map((tag: { Key: string; Value: string }) => [
      tag.Key,
      tag.Value,
    ])
  return { ...fixture, consumerArn: ConsumerDescription.ConsumerARN as string, tagsOf }
}

const numbered = (count: number, prefix = 't') =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`${prefix}${i}`, '']))

test('tags are added, replaced and removed by either pair of operations, on streams and consumers', async () => {
  const { call, consumerArn, tagsOf } = await taggedFixture()
  await call('AddTagsToStream', { StreamName: 's', Tags: { b: '1', a: '2' } })
  await call('TagResource', { ResourceARN: StreamARN, Tags: { b: '3', c: '' } })
  assert.deepEqual(await tagsOf(StreamARN), [
    ['a', '2'],
    ['b', '3'],
    ['c', ''],
  ])
  await call('RemoveTagsFromStream', { StreamName: 's', TagKeys: ['a', 'never there'] })
  await call('UntagResource', { ResourceARN: StreamARN, TagKeys: ['c'] })
  assert.deepEqual(await tagsOf(StreamARN), [['b', '3']])

  await call('TagResource', { ResourceARN: consumerArn, Tags: { x: 'y', z: '' } })
  await call('UntagResource', { ResourceARN: consumerArn, TagKeys: ['z'] })
  assert.deepEqual(await tagsOf(consumerArn), [['x', 'y']])
  assert.deepEqual(await tagsOf(StreamARN), [['b', '3']])
})

test('a stream or consumer has 50 tags at most, and what is too much changes nothing', async () => {
  const { call, consumerArn, tagsOf } = await taggedFixture()
  for (const ResourceARN of [StreamARN, consumerArn]) {
    await call('TagResource', { ResourceARN, Tags: numbered(50) })
    await call('TagResource', { ResourceARN, Tags: { t0: 'replaced' } })
    await assert.rejects(call('TagResource', { ResourceARN, Tags: { more: '' } }), { code: 'InvalidArgumentException' })
    assert.equal((await tagsOf(ResourceARN)).length, 50)
  }
})

test('letters of any script, digits, spaces and _ . : / = + - @ % make a tag, and nothing else does', async () => {
  const { call } = await taggedFixture()
  await call('AddTagsToStream', { StreamName: 's', Tags: { 'größe 流 1_.:/=+-@%': 'ключ' } })
  for (const bad of ['?', 'a\nb', '!', '*'])
    for (const Tags of [{ [bad]: '' }, { a: bad }])
      await assert.rejects(call('AddTagsToStream', { StreamName: 's', Tags }), { code: 'InvalidArgumentException' })
  for (const Tags of [{}, { ['k'.repeat(129)]: '' }, { '': 'v' }, { k: 'v'.repeat(257) }])
    await assert.rejects(call('AddTagsToStream', { StreamName: 's', Tags }), { code: 'ValidationException' })
})

test('ListTagsForStream gives pages in order of key', async () => {
  const { call } = await taggedFixture()
  await call('AddTagsToStream', { StreamName: 's', Tags: { c: '', a: '', b: '' } })
  const page = async (more: object) => {
    const { Tags, HasMoreTags } = await call('ListTagsForStream', { StreamName: 's', ...more })
    return [Tags.map(({ Key }: { Key: string }) => Key).join(), HasMoreTags]
  }
  assert.deepEqual(await page({}), ['a,b,c', false])
  assert.deepEqual(await page({ Limit: 2 }), ['a,b', true])
  assert.deepEqual(await page({ Limit: 2, ExclusiveStartTagKey: 'b' }), ['c', false])
  assert.deepEqual(await page({ ExclusiveStartTagKey: 'bb' }), ['c', false])
})

test('tags can be changed while a stream is UPDATING, and that stays so; while it is CREATING they cannot', async () => {
  const { call, clock, context, tagsOf } = await taggedFixture()
  await call('IncreaseStreamRetentionPeriod', { StreamName: 's', RetentionPeriodHours: 48 })
  await call('AddTagsToStream', { StreamName: 's', Tags: { a: 'b' } })
  assert.equal(context.streams.get('s').status, 'UPDATING')
  await clock.advance(50)
  assert.deepEqual([context.streams.get('s').status, await tagsOf(StreamARN)], ['ACTIVE', [['a', 'b']]])
  await call('CreateStream', { StreamName: 'new', ShardCount: 1, Tags: { a: 'b' } })
  for (const [operation, more] of [
    ['AddTagsToStream', { Tags: { c: 'd' } }],
    ['RemoveTagsFromStream', { TagKeys: ['a'] }],
  ] as const)
    await assert.rejects(call(operation, { StreamName: 'new', ...more }), { code: 'ResourceInUseException' })
  assert.deepEqual(await tagsOf(StreamARN.replace(/s$/, 'new')), [['a', 'b']])
})

test('what is not there has no tags', async () => {
  const { consumerArn, tagsOf } = await taggedFixture()
  for (const gone of [StreamARN.replace(/s$/, 't'), `${consumerArn}0`, consumerArn.replace('stream/s', 'stream/t')])
    await assert.rejects(tagsOf(gone), { code: 'ResourceNotFoundException' }, gone)
})
