import assert from 'node:assert/strict'
import { assertError } from './harness/answers.ts'
import { docs, sdk, unverified } from './harness/cases.ts'
import {
  channelInput,
  channelIs,
  channelOf,
  kinesisWithBuckets,
  storage,
  streamForChannels,
} from './harness/channels.ts'
import { inputCases } from './harness/input-cases.ts'
import { uniqueName } from './harness/kinesis.ts'
import { channelName, list, roleArn, streamArnNowhere, structure, tags } from './harness/members.ts'
import { onlyLocal } from './harness/target.ts'

const kinesis = kinesisWithBuckets()

inputCases(kinesis, 'CreateChannel', {
  required: {
    ChannelName: channelName,
    ServiceExecutionRoleARN: roleArn,
    StreamConfigurationList: list([{ StreamARN: streamArnNowhere, RecordConfiguration: { RecordFormatType: 'JSON' } }]),
  },
  optional: {
    S3DestinationConfiguration: structure({ StorageConfiguration: storage }),
    S3TablesDestinationConfiguration: structure({}),
    EncryptionConfiguration: structure({}),
    Tags: tags,
    LoggingConfiguration: structure({}),
  },
})

sdk(
  'a channel is CREATING, then ACTIVE, and described with its defaults',
  async (t) => {
    const stream = await streamForChannels(kinesis, t)
    const input = channelInput(stream.arn, { Tags: { team: 'flights' } })
    const { ChannelDescription: made } = await kinesis.call('CreateChannel', input)
    assert.equal(made.ChannelStatus, 'CREATING')
    const { ChannelId: id, ChannelName: name } = made
    assert.equal(name, input.ChannelName)
    assert.match(made.ChannelARN, new RegExp(`^arn:aws:kinesis:[^:]+:\\d{12}:channel/${id}$`))
    const { StreamDescriptionSummary } = await kinesis.call('DescribeStreamSummary', { StreamName: stream.name })
    assert.deepEqual(made.StreamConfigurationList, [
      {
        StreamARN: stream.arn,
        StreamCreationTimestamp: StreamDescriptionSummary.StreamCreationTimestamp,
        RecordConfiguration: { RecordFormatType: 'JSON' },
      },
    ])
    assert.deepEqual(made.S3DestinationConfiguration, {
      DataFreshnessInSeconds: 300,
      DeadLetterQueueS3Configuration: {
        BucketARN: storage.BucketARN,
        ExpectedBucketOwner: storage.ExpectedBucketOwner,
        ErrorOutputPrefix: `kinesis-channel/errors/${name}/${id}/`,
      },
      StorageConfiguration: {
        ...storage,
        StorageClass: 'STANDARD',
        OutputKeyTemplate:
          'kinesis-channel/!{channel-name}/!{channel-id}/!{yyyy}/!{MM}/!{dd}/!{HH}/' +
          '!{channel-name}-!{channel-id}-!{yyyy}-!{MM}-!{dd}-!{HH}-!{mm}!{extension}',
      },
    })
    assert.deepEqual(made.LoggingConfiguration, {
      CloudWatchLogs: {
        Enabled: false,
        LogGroupName: `/aws/kinesis/${name}/${id}`,
        LogStreamName: 'DestinationDelivery',
      },
    })
    const active = await channelIs(kinesis, made.ChannelARN, 'ACTIVE')
    assert.deepEqual({ ...active, ChannelStatus: 'CREATING' }, made)
    const { Tags } = await kinesis.call('ListTagsForResource', { ResourceARN: made.ChannelARN })
    assert.deepEqual(Tags, [{ Key: 'team', Value: 'flights' }])
  },
  onlyLocal,
)

docs(
  'only on-demand streams have channels',
  async (t) => {
    const { arn } = await kinesis.stream(t)
    assertError(await kinesis.ask('CreateChannel', channelInput(arn)), 'ValidationException', /ON_DEMAND/)
  },
  onlyLocal,
)

docs(
  'a name is taken once in the account, and a stream has one channel to S3',
  async (t) => {
    const { made, stream } = await channelOf(kinesis, t)
    const other = await streamForChannels(kinesis, t)
    const taken = channelInput(other.arn, { ChannelName: made.ChannelName })
    assertError(await kinesis.ask('CreateChannel', taken), 'ResourceInUseException')
    assertError(await kinesis.ask('CreateChannel', channelInput(stream.arn)), 'LimitExceededException')
  },
  onlyLocal,
)

docs(
  'what a channel cannot be is refused',
  async (t) => {
    const { arn } = await streamForChannels(kinesis, t)
    const stream = (RecordFormatType: string) => ({ StreamARN: arn, RecordConfiguration: { RecordFormatType } })
    const s3 = { StorageConfiguration: storage }
    const tables = {
      DeadLetterQueueS3Configuration: { BucketARN: storage.BucketARN, ExpectedBucketOwner: '000000000000' },
      S3TablesConfigurationList: [
        {
          TableBucketARN: 'arn:aws:s3tables:us-east-1:000000000000:bucket/tables',
          ...{ Namespace: 'ns', TableName: 'flights', CompressionType: 'ZSTD' },
        },
      ],
    }
    const encrypted = (KeyId: string) => ({ EncryptionConfiguration: { EncryptionType: 'KMS', KeyId } })
    const cases: [object, RegExp][] = [
      [{ S3DestinationConfiguration: undefined }, /^Exactly one of/],
      [{ S3TablesDestinationConfiguration: tables }, /^Exactly one of/],
      [{ StreamConfigurationList: [stream('JSON'), stream('JSON')] }, /exactly one stream/],
      [{ StreamConfigurationList: [stream('GSR_JSON')] }, /GSR_JSON/],
      [{ S3DestinationConfiguration: { ...s3, DataFreshnessInSeconds: 0 } }, /DataFreshnessInSeconds/],
      [{ S3DestinationConfiguration: { ...s3, DataFreshnessInSeconds: 901 } }, /DataFreshnessInSeconds/],
      [encrypted('alias/aws/kinesis'), /customer managed key/],
    ]
    for (const [more, message] of cases)
      assertError(
        await kinesis.ask('CreateChannel', channelInput(arn, { ...more })),
        'InvalidArgumentException',
        message,
      )
    const toTables = { S3DestinationConfiguration: undefined, S3TablesDestinationConfiguration: tables }
    assertError(
      await kinesis.ask('CreateChannel', channelInput(arn, toTables)),
      'UnsupportedOperationException',
      /S3 Tables/,
      501,
    )
    assertError(await kinesis.ask('CreateChannel', channelInput(streamArnNowhere)), 'ResourceNotFoundException')
  },
  onlyLocal,
)

unverified(
  'a key template that breaks a rule is refused',
  async (t) => {
    const { arn } = await streamForChannels(kinesis, t)
    const OutputKeyTemplate = 'data//!{channel-name}!{extension}'
    const s3 = { StorageConfiguration: { ...storage, OutputKeyTemplate } }
    const answer = await kinesis.ask('CreateChannel', channelInput(arn, { S3DestinationConfiguration: s3 }))
    assertError(answer, 'InvalidArgumentException', /consecutive slashes/)
  },
  onlyLocal,
)

unverified(
  'without a place for buckets no channel is made',
  async (t) => {
    const { startMillrace } = await import('millrace')
    const server = await startMillrace({ transitionMs: 0 })
    t.after(() => server.stop())
    const ask = (operation: string, input: object) =>
      fetch(server.url, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-amz-json-1.1',
          'x-amz-target': `Kinesis_20131202.${operation}`,
          'x-amz-date': '20260101T000000Z',
          authorization:
            'AWS4-HMAC-SHA256 Credential=any/20260101/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=0',
        },
        body: JSON.stringify(input),
      })
    const StreamName = uniqueName()
    await ask('CreateStream', { StreamName, StreamModeDetails: { StreamMode: 'ON_DEMAND' } })
    const answer = await ask(
      'CreateChannel',
      channelInput(`arn:aws:kinesis:us-east-1:000000000000:stream/${StreamName}`),
    )
    assert.match(await answer.text(), /InvalidArgumentException.*buckets/)
  },
  onlyLocal,
)
