import assert from 'node:assert/strict'
import { assertError } from './harness/answers.ts'
import { sdk } from './harness/cases.ts'
import { channelInput, channelIsGone, channelOf, kinesisWithBuckets } from './harness/channels.ts'
import { inputCases } from './harness/input-cases.ts'
import { channelArn } from './harness/members.ts'
import { onlyLocal } from './harness/target.ts'

const kinesis = kinesisWithBuckets()

inputCases(kinesis, 'DeleteChannel', { required: { ChannelARN: channelArn } })

sdk('a channel that is not there cannot be deleted', async () => {
  assertError(await kinesis.ask('DeleteChannel', { ChannelARN: channelArn.valid }), 'ResourceNotFoundException')
})

sdk(
  'a stream with a channel cannot be deleted, nor become provisioned; when the channel is gone it can',
  async (t) => {
    const stream = await kinesis.stream(t, { StreamModeDetails: { StreamMode: 'ON_DEMAND' } })
    const counts = async () => {
      const { StreamDescriptionSummary } = await kinesis.call('DescribeStreamSummary', { StreamName: stream.name })
      const { ChannelCount, ChannelCountLimit } = await kinesis.call('DescribeLimits')
      return [StreamDescriptionSummary.ChannelCount, ChannelCount, ChannelCountLimit]
    }
    assert.deepEqual(await counts(), [0, 0, 100])
    const { ChannelDescription } = await kinesis.call('CreateChannel', channelInput(stream.arn))
    const { ChannelARN } = ChannelDescription
    assert.deepEqual(await counts(), [1, 1, 100])
    assertError(await kinesis.ask('DeleteStream', { StreamName: stream.name }), 'ResourceInUseException', /channels/)
    const provisioned = { StreamARN: stream.arn, StreamModeDetails: { StreamMode: 'PROVISIONED' } }
    assertError(await kinesis.ask('UpdateStreamMode', provisioned), 'ResourceInUseException', /channels/)
    await kinesis.call('DeleteChannel', { ChannelARN })
    await channelIsGone(kinesis, ChannelARN)
    assert.deepEqual(await counts(), [0, 0, 100])
    await kinesis.call('DeleteStream', { StreamName: stream.name })
  },
  onlyLocal,
)

sdk(
  'the tags of a channel are added and taken away',
  async (t) => {
    const { ChannelARN: ResourceARN } = (await channelOf(kinesis, t)).active
    const listed = async () => (await kinesis.call('ListTagsForResource', { ResourceARN })).Tags
    await kinesis.call('TagResource', { ResourceARN, Tags: { b: '1', a: '2' } })
    assert.deepEqual(await listed(), [
      { Key: 'a', Value: '2' },
      { Key: 'b', Value: '1' },
    ])
    await kinesis.call('UntagResource', { ResourceARN, TagKeys: ['b', 'c'] })
    assert.deepEqual(await listed(), [{ Key: 'a', Value: '2' }])
    const nowhere = { ResourceARN: channelArn.valid }
    assertError(await kinesis.ask('ListTagsForResource', nowhere), 'ResourceNotFoundException')
  },
  onlyLocal,
)
