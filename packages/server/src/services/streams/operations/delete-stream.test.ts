import assert from 'node:assert/strict'
import { test } from 'node:test'
import { streamsFixture } from '../fixture.ts'

const StreamARN = 'arn:aws:kinesis:us-east-1:000000000000:stream/s'

test('a stream is DELETING, then gone, and asking twice is no mistake', async () => {
  const { activeStream, call, clock } = await streamsFixture()
  await activeStream('s')
  assert.equal(await call('DeleteStream', { StreamARN }), undefined)
  await clock.advance(25)
  await call('DeleteStream', { StreamName: 's' })
  const describe = () => call('DescribeStreamSummary', { StreamName: 's' })
  assert.equal((await describe()).StreamDescriptionSummary.StreamStatus, 'DELETING')
  await clock.advance(25)
  await assert.rejects(describe(), { code: 'ResourceNotFoundException' })
  await assert.rejects(call('DeleteStream', { StreamName: 's' }), {
    code: 'ResourceNotFoundException',
    message: 'Stream s under account 000000000000 not found.',
  })
})

test('a stream with consumers is deleted only by EnforceConsumerDeletion', async () => {
  const { activeStream, call, clock, context } = await streamsFixture()
  await activeStream('s')
  await call('RegisterStreamConsumer', { StreamARN, ConsumerName: 'c' })
  for (const EnforceConsumerDeletion of [undefined, false])
    await assert.rejects(call('DeleteStream', { StreamARN, EnforceConsumerDeletion }), {
      code: 'ResourceInUseException',
    })
  assert.equal(context.streams.get('s').status, 'ACTIVE')
  await call('DeleteStream', { StreamARN, EnforceConsumerDeletion: true })
  await clock.advance(50)
  assert.equal(context.streams.find('s'), undefined)
})

test('a stream may be deleted while it is CREATING or UPDATING', async () => {
  const { activeStream, call, clock, context } = await streamsFixture()
  await activeStream('updating')
  await call('IncreaseStreamRetentionPeriod', { StreamName: 'updating', RetentionPeriodHours: 48 })
  await call('CreateStream', { StreamName: 'creating', ShardCount: 1 })
  for (const StreamName of ['updating', 'creating']) await call('DeleteStream', { StreamName })
  await clock.advance(50)
  assert.deepEqual(context.streams.all(), [])
})

test('a stream made again under the name of a deleted one has none of its records or tags', async () => {
  const { activeStream, call, clock } = await streamsFixture()
  await activeStream('s')
  await call('AddTagsToStream', { StreamName: 's', Tags: { a: 'b' } })
  await call('PutRecord', { StreamName: 's', PartitionKey: 'k', Data: Buffer.from('old') })
  await call('DeleteStream', { StreamName: 's' })
  await clock.advance(50)
  await activeStream('s')
  const from = { StreamName: 's', ShardId: '0', ShardIteratorType: 'TRIM_HORIZON' }
  const { ShardIterator } = await call('GetShardIterator', from)
  assert.deepEqual((await call('GetRecords', { ShardIterator })).Records, [])
  assert.deepEqual((await call('ListTagsForStream', { StreamName: 's' })).Tags, [])
})
