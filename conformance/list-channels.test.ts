import assert from 'node:assert/strict'
import { assertError } from './harness/answers.ts'
import { sdk } from './harness/cases.ts'
import { channelOf, kinesisWithBuckets } from './harness/channels.ts'
import { inputCases } from './harness/input-cases.ts'
import { list, pageSize, streamArnNowhere, text } from './harness/members.ts'
import { onlyLocal } from './harness/target.ts'

const kinesis = kinesisWithBuckets()

inputCases(kinesis, 'ListChannels', {
  optional: { StreamFilter: list([{ StreamARN: streamArnNowhere }]), MaxResults: pageSize, NextToken: text },
})

sdk(
  'channels are listed by name, page by page, and by their stream',
  async (t) => {
    const channels = await Promise.all([1, 2, 3].map(() => channelOf(kinesis, t)))
    const first = await kinesis.call('ListChannels', { MaxResults: 2 })
    const second = await kinesis.call('ListChannels', { MaxResults: 2, NextToken: first.NextToken })
    assert.deepEqual(
      [first.ChannelSummaries.length, second.ChannelSummaries.length, second.NextToken],
      [2, 1, undefined],
    )
    assert.deepEqual(
      [...first.ChannelSummaries, ...second.ChannelSummaries].map(({ ChannelName }) => ChannelName),
      channels.map(({ made }) => made.ChannelName).sort(),
    )
    const [{ active, stream }] = channels as [(typeof channels)[number]]
    const created = active.StreamConfigurationList[0].StreamCreationTimestamp
    const filtered = await kinesis.call('ListChannels', {
      StreamFilter: [{ StreamARN: stream.arn, StreamCreationTimestamp: created }],
    })
    assert.deepEqual(filtered.ChannelSummaries, [
      {
        ChannelName: active.ChannelName,
        ChannelARN: active.ChannelARN,
        ChannelId: active.ChannelId,
        ChannelStatus: 'ACTIVE',
        ChannelCreationTimestamp: active.ChannelCreationTimestamp,
        ChannelDestinationType: 'S3',
        Streams: [{ StreamARN: stream.arn, StreamCreationTimestamp: created }],
      },
    ])
    const other = { StreamFilter: [{ StreamARN: stream.arn, StreamCreationTimestamp: created - 3600 }] }
    assert.deepEqual((await kinesis.call('ListChannels', other)).ChannelSummaries, [])
    assertError(await kinesis.ask('ListChannels', { NextToken: 'nonsense' }), 'InvalidArgumentException')
  },
  onlyLocal,
)
