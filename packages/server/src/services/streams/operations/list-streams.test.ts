import assert from 'node:assert/strict'
import { test } from 'node:test'
import { streamsFixture } from '../fixture.ts'

async function streamsNamed(...names: string[]) {
  const fixture = await streamsFixture()
  for (const name of names) await fixture.activeStream(name)
  return fixture
}

test('streams are listed in order of name, with a summary of each', async () => {
  const { call, context } = await streamsNamed('b', 'a')
  await call('DeleteStream', { StreamName: 'b' })
  const { StreamSummaries, ...rest } = await call('ListStreams', {})
  assert.deepEqual(rest, { StreamNames: ['a', 'b'], HasMoreStreams: false })
  assert.deepEqual(StreamSummaries[1], {
    StreamName: 'b',
    StreamARN: 'arn:aws:kinesis:us-east-1:000000000000:stream/b',
    StreamStatus: 'DELETING',
    StreamModeDetails: { StreamMode: 'PROVISIONED' },
    StreamCreationTimestamp: new Date(context.streams.get('b').createdAtMs),
  })
})

test('pages give each stream once, by token or by name, though streams come and go', async () => {
  const { activeStream, call, clock } = await streamsNamed('a', 'b', 'c')
  const first = await call('ListStreams', { Limit: 2 })
  assert.deepEqual([first.StreamNames, first.HasMoreStreams], [['a', 'b'], true])
  await call('DeleteStream', { StreamName: 'b' })
  await clock.advance(50)
  await activeStream('aa')
  for (const input of [{ NextToken: first.NextToken }, { ExclusiveStartStreamName: 'b' }]) {
    const second = await call('ListStreams', input)
    assert.deepEqual([second.StreamNames, second.HasMoreStreams, 'NextToken' in second], [['c'], false, false])
  }
})

test('a token can be used for 300 seconds, and only as it was given', async () => {
  const { activeStream, call, clock } = await streamsNamed('a', 'b')
  const { NextToken } = await call('ListStreams', { Limit: 1 })
  await clock.advance(300_000)
  assert.deepEqual((await call('ListStreams', { NextToken })).StreamNames, ['b'])
  await clock.advance(1)
  await assert.rejects(call('ListStreams', { NextToken }), { code: 'ExpiredNextTokenException' })
  await activeStream('c', 2)
  const shards = await call('ListShards', { StreamName: 'c', MaxResults: 1 })
  for (const other of [
    'x',
    shards.NextToken,
    `${NextToken}x`,
    Buffer.from(NextToken, 'base64').reverse().toString('base64'),
  ])
    await assert.rejects(call('ListStreams', { NextToken: other }), { code: 'InvalidArgumentException' })
})

test('a page has 100 streams at most', async () => {
  const { call, clock, context } = await streamsNamed()
  for (let i = 0; i < 101; i++) {
    await call('CreateStream', { StreamName: `s${i}`, ShardCount: 1 })
    if (i % 5 === 4) await clock.advance(50)
  }
  assert.equal(context.streams.all().length, 101)
  for (const input of [{}, { Limit: 10_000 }]) {
    const { StreamNames, HasMoreStreams } = await call('ListStreams', input)
    assert.deepEqual([StreamNames.length, HasMoreStreams], [100, true])
  }
})
