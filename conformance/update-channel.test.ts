import assert from 'node:assert/strict'
import { assertError } from './harness/answers.ts'
import { sdk, unverified } from './harness/cases.ts'
import { channelIs, channelOf, kinesisWithBuckets } from './harness/channels.ts'
import { inputCases } from './harness/input-cases.ts'
import { channelArn, structure } from './harness/members.ts'
import { onlyLocal } from './harness/target.ts'

const kinesis = kinesisWithBuckets()

inputCases(kinesis, 'UpdateChannel', {
  required: { ChannelARN: channelArn },
  optional: {
    S3DestinationConfiguration: structure({ DataFreshnessInSeconds: 600 }),
    S3TablesDestinationConfiguration: structure({ DataFreshnessInSeconds: 600 }),
    LoggingConfiguration: structure({ CloudWatchLogs: { Enabled: true } }),
  },
})

sdk(
  'freshness and logging of a channel are changed: UPDATING, then ACTIVE',
  async (t) => {
    const { active } = await channelOf(kinesis, t)
    const { ChannelARN } = active
    const { ChannelDescription: updating } = await kinesis.call('UpdateChannel', {
      ChannelARN,
      S3DestinationConfiguration: { DataFreshnessInSeconds: 600 },
      LoggingConfiguration: { CloudWatchLogs: { Enabled: true, LogGroupName: '/own' } },
    })
    assert.equal(updating.ChannelStatus, 'UPDATING')
    const updated = await channelIs(kinesis, ChannelARN, 'ACTIVE')
    assert.deepEqual(updated, {
      ...active,
      S3DestinationConfiguration: { ...active.S3DestinationConfiguration, DataFreshnessInSeconds: 600 },
      LoggingConfiguration: {
        CloudWatchLogs: { Enabled: true, LogGroupName: '/own', LogStreamName: 'DestinationDelivery' },
      },
    })
  },
  onlyLocal,
)

unverified(
  'an update of nothing, or of what a channel has not, is refused',
  async (t) => {
    const { ChannelARN } = (await channelOf(kinesis, t)).active
    for (const input of [
      {},
      { S3TablesDestinationConfiguration: { DataFreshnessInSeconds: 600 } },
      { S3DestinationConfiguration: { DataFreshnessInSeconds: 1000 } },
    ])
      assertError(await kinesis.ask('UpdateChannel', { ChannelARN, ...input }), 'InvalidArgumentException')
    const nowhere = { ChannelARN: channelArn.valid, S3DestinationConfiguration: { DataFreshnessInSeconds: 600 } }
    assertError(await kinesis.ask('UpdateChannel', nowhere), 'ResourceNotFoundException')
  },
  onlyLocal,
)
