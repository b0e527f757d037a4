import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import * as kinesis from '@aws-sdk/client-kinesis'

/*
 * One walk through every operation of @aws-sdk/client-kinesis, with its paginators and waiters. It goes over whatever
 * handler the client has; the operations that Millrace does not do yet must say so.
 */

type Client = kinesis.KinesisClient
type Sent = Set<string>

/** Runs the walk and gives the names of the operations that were sent. */
export async function sdkScenario(client: Client): Promise<ReadonlySet<string>> {
  const sent: Sent = new Set()
  client.middlewareStack.add(
    (next, context) => (args) => {
      sent.add(String(context.commandName).replace(/Command$/, ''))
      return next(args)
    },
    { step: 'initialize', name: 'countCommands' },
  )
  const StreamName = `sdk-${randomUUID()}`
  await client.send(new kinesis.CreateStreamCommand({ StreamName, ShardCount: 2, Tags: { made: 'here' } }))
  await kinesis.waitUntilStreamExists({ client, maxWaitTime: 30, minDelay: 1 }, { StreamName })
  const StreamARN = await streamActive(client, StreamName)

  await settings(client, StreamName, StreamARN)
  await records(client, StreamName, StreamARN)
  await fanOut(client, StreamName, StreamARN)
  await resharding(client, StreamName, StreamARN)
  await account(client, StreamName)
  await channels(client)
  await policies(client, StreamARN)

  await client.send(new kinesis.DeleteStreamCommand({ StreamName, EnforceConsumerDeletion: true }))
  await kinesis.waitUntilStreamNotExists({ client, maxWaitTime: 30, minDelay: 1 }, { StreamName })
  return sent
}

async function settings(client: Client, StreamName: string, StreamARN: string) {
  await client.send(new kinesis.AddTagsToStreamCommand({ StreamName, Tags: { a: '1', b: '2' } }))
  await client.send(new kinesis.RemoveTagsFromStreamCommand({ StreamName, TagKeys: ['a'] }))
  await client.send(new kinesis.TagResourceCommand({ ResourceARN: StreamARN, Tags: { c: '3' } }))
  await client.send(new kinesis.UntagResourceCommand({ ResourceARN: StreamARN, TagKeys: ['made'] }))
  const byStream = await client.send(new kinesis.ListTagsForStreamCommand({ StreamName }))
  const byResource = await client.send(new kinesis.ListTagsForResourceCommand({ ResourceARN: StreamARN }))
  assert.deepEqual(
    byStream.Tags?.map(({ Key }) => Key),
    ['b', 'c'],
  )
  assert.deepEqual(byResource.Tags, byStream.Tags)

  await client.send(new kinesis.IncreaseStreamRetentionPeriodCommand({ StreamName, RetentionPeriodHours: 48 }))
  await streamActive(client, StreamName)
  await client.send(new kinesis.DecreaseStreamRetentionPeriodCommand({ StreamName, RetentionPeriodHours: 24 }))
  await streamActive(client, StreamName)
  const ShardLevelMetrics = ['IncomingBytes' as const]
  const on = await client.send(new kinesis.EnableEnhancedMonitoringCommand({ StreamName, ShardLevelMetrics }))
  assert.deepEqual(on.DesiredShardLevelMetrics, ShardLevelMetrics)
  await streamActive(client, StreamName)
  const off = await client.send(new kinesis.DisableEnhancedMonitoringCommand({ StreamName, ShardLevelMetrics }))
  assert.deepEqual(off.CurrentShardLevelMetrics, ShardLevelMetrics)
  await streamActive(client, StreamName)
  await client.send(new kinesis.UpdateMaxRecordSizeCommand({ StreamARN, MaxRecordSizeInKiB: 2048 }))
  await streamActive(client, StreamName)
  const key = { StreamName, EncryptionType: 'KMS' as const, KeyId: 'alias/aws/kinesis' }
  await client.send(new kinesis.StartStreamEncryptionCommand(key))
  await streamActive(client, StreamName)
  const { StreamDescription } = await client.send(new kinesis.DescribeStreamCommand({ StreamName }))
  assert.equal(StreamDescription?.Shards?.length, 2)
  assert.deepEqual([StreamDescription?.EncryptionType, StreamDescription?.KeyId], ['KMS', key.KeyId])
  await client.send(new kinesis.StopStreamEncryptionCommand(key))
  await streamActive(client, StreamName)
}

async function records(client: Client, StreamName: string, StreamARN: string) {
  const Data = Buffer.from('hello')
  await client.send(new kinesis.PutRecordCommand({ StreamName, Data, PartitionKey: 'k', ExplicitHashKey: '0' }))
  const Records = Array.from({ length: 20 }, (_, i) => ({
    Data: Buffer.from(`${i}`),
    PartitionKey: `${i}`,
    ExplicitHashKey: '1',
  }))
  const put = await client.send(new kinesis.PutRecordsCommand({ StreamARN, Records }))
  assert.equal(put.FailedRecordCount, 0)
  const ShardId = put.Records![0]!.ShardId!
  const { ShardIterator } = await client.send(
    new kinesis.GetShardIteratorCommand({ StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' }),
  )
  const read = await client.send(new kinesis.GetRecordsCommand({ ShardIterator }))
  assert.equal(read.Records?.length, 21)
  assert.deepEqual(Buffer.from(read.Records![0]!.Data!), Data)
  assert.ok(read.Records![0]!.ApproximateArrivalTimestamp instanceof Date)
  assert.equal(read.MillisBehindLatest, 0)
}

async function fanOut(client: Client, StreamName: string, StreamARN: string) {
  const ConsumerName = 'reader'
  const { Consumer } = await client.send(new kinesis.RegisterStreamConsumerCommand({ StreamARN, ConsumerName }))
  const ConsumerARN = Consumer!.ConsumerARN!
  await until(async () => {
    const { ConsumerDescription } = await client.send(new kinesis.DescribeStreamConsumerCommand({ ConsumerARN }))
    return ConsumerDescription?.ConsumerStatus === 'ACTIVE'
  })
  const ShardId = 'shardId-000000000000'
  const { EventStream } = await client.send(
    new kinesis.SubscribeToShardCommand({ ConsumerARN, ShardId, StartingPosition: { Type: 'TRIM_HORIZON' } }),
  )
  let seen = 0
  for await (const { SubscribeToShardEvent: event } of EventStream!) {
    seen += event!.Records!.length
    // What was there comes at once; then one record more, pushed while the subscription is open.
    if (seen === 21)
      await client.send(
        new kinesis.PutRecordCommand({ StreamName, Data: Buffer.of(1), PartitionKey: 'k', ExplicitHashKey: '0' }),
      )
    if (seen >= 22) break
  }
  const names: (string | undefined)[] = []
  for await (const page of kinesis.paginateListStreamConsumers({ client, pageSize: 1 }, { StreamARN }))
    names.push(...page.Consumers!.map((consumer) => consumer.ConsumerName))
  assert.deepEqual(names, [ConsumerName])
  await client.send(new kinesis.DeregisterStreamConsumerCommand({ ConsumerARN }))
}

async function resharding(client: Client, StreamName: string, StreamARN: string) {
  const open = async () => {
    const { Shards } = await client.send(
      new kinesis.ListShardsCommand({ StreamName, ShardFilter: { Type: 'AT_LATEST' } }),
    )
    return Shards!
  }
  const before = await open()
  const { StartingHashKey } = before[0]!.HashKeyRange!
  const NewStartingHashKey = `${BigInt(StartingHashKey!) + 2n ** 120n}`
  await client.send(new kinesis.SplitShardCommand({ StreamName, ShardToSplit: before[0]!.ShardId, NewStartingHashKey }))
  await streamActive(client, StreamName)
  const children = (await open()).filter(({ ParentShardId }) => ParentShardId === before[0]!.ShardId)
  assert.equal(children.length, 2)
  const [ShardToMerge, AdjacentShardToMerge] = children.map(({ ShardId }) => ShardId)
  await client.send(new kinesis.MergeShardsCommand({ StreamName, ShardToMerge, AdjacentShardToMerge }))
  await streamActive(client, StreamName)
  assert.equal((await open()).length, 2)
  const scaled = await client.send(
    new kinesis.UpdateShardCountCommand({ StreamName, TargetShardCount: 3, ScalingType: 'UNIFORM_SCALING' }),
  )
  assert.equal(scaled.CurrentShardCount, 2)
  await streamActive(client, StreamName)
  assert.equal((await open()).length, 3)
  const StreamModeDetails = { StreamMode: 'ON_DEMAND' as const }
  await client.send(new kinesis.UpdateStreamModeCommand({ StreamARN, StreamModeDetails }))
  await streamActive(client, StreamName)
  await client.send(
    new kinesis.UpdateStreamRecordDistributionStrategyCommand({ StreamARN, RecordDistributionStrategy: 'AUTO' }),
  )
  await streamActive(client, StreamName)
  const put = await client.send(new kinesis.PutRecordCommand({ StreamName, Data: Buffer.of(1) }))
  assert.ok(put.ShardId)
}

async function account(client: Client, StreamName: string) {
  await client.send(
    new kinesis.UpdateAccountSettingsCommand({ MinimumThroughputBillingCommitment: { Status: 'ENABLED' } }),
  )
  const { MinimumThroughputBillingCommitment } = await client.send(new kinesis.DescribeAccountSettingsCommand({}))
  assert.equal(MinimumThroughputBillingCommitment?.Status, 'ENABLED')
  const warm = await client.send(new kinesis.UpdateStreamWarmThroughputCommand({ StreamName, WarmThroughputMiBps: 4 }))
  assert.equal(warm.WarmThroughput?.TargetMiBps, 4)
  await streamActive(client, StreamName)
  const limits = await client.send(new kinesis.DescribeLimitsCommand({}))
  assert.ok(limits.ShardLimit! > 0)
  const names: string[] = []
  for await (const page of kinesis.paginateListStreams({ client, pageSize: 1 }, {})) names.push(...page.StreamNames!)
  assert.ok(names.includes(StreamName))
}

async function policies(client: Client, ResourceARN: string) {
  const Principal = { AWS: `arn:aws:iam::${ResourceARN.split(':')[4]}:root` }
  const Statement = [{ Effect: 'Allow', Principal, Action: 'kinesis:GetRecords', Resource: ResourceARN }]
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement })
  await client.send(new kinesis.PutResourcePolicyCommand({ ResourceARN, Policy }))
  assert.equal((await client.send(new kinesis.GetResourcePolicyCommand({ ResourceARN }))).Policy, Policy)
  await client.send(new kinesis.DeleteResourcePolicyCommand({ ResourceARN }))
}

async function channels(client: Client) {
  const StreamName = `sdk-${randomUUID()}`
  const StreamModeDetails = { StreamMode: 'ON_DEMAND' as const }
  await client.send(new kinesis.CreateStreamCommand({ StreamName, StreamModeDetails }))
  const StreamARN = await streamActive(client, StreamName)
  const { ChannelDescription } = await client.send(
    new kinesis.CreateChannelCommand({
      ...{ ChannelName: StreamName, ServiceExecutionRoleARN: 'arn:aws:iam::000000000000:role/channel' },
      StreamConfigurationList: [{ StreamARN, RecordConfiguration: { RecordFormatType: 'JSON' } }],
      S3DestinationConfiguration: {
        StorageConfiguration: {
          ...{ BucketARN: 'arn:aws:s3:::lake', ExpectedBucketOwner: '000000000000', CompressionType: 'GZIP' as const },
        },
      },
    }),
  )
  const { ChannelARN } = ChannelDescription!
  await kinesis.waitUntilChannelActive({ client, maxWaitTime: 30, minDelay: 1 }, { ChannelARN })
  const S3DestinationConfiguration = { DataFreshnessInSeconds: 600 }
  await client.send(new kinesis.UpdateChannelCommand({ ChannelARN, S3DestinationConfiguration }))
  await until(async () => {
    const { ChannelDescription: now } = await client.send(new kinesis.DescribeChannelCommand({ ChannelARN }))
    return now!.ChannelStatus === 'ACTIVE' && now!.S3DestinationConfiguration!.DataFreshnessInSeconds === 600
  })
  const names: (string | undefined)[] = []
  for await (const page of kinesis.paginateListChannels({ client }, { StreamFilter: [{ StreamARN }] }))
    for (const { ChannelName } of page.ChannelSummaries!) names.push(ChannelName)
  assert.deepEqual(names, [StreamName])
  await client.send(new kinesis.DeleteChannelCommand({ ChannelARN }))
  await until(async () => {
    const { ChannelSummaries } = await client.send(new kinesis.ListChannelsCommand({}))
    return ChannelSummaries!.length === 0
  })
  await client.send(new kinesis.DeleteStreamCommand({ StreamName }))
}

async function streamActive(client: Client, StreamName: string): Promise<string> {
  return until(async () => {
    const { StreamDescriptionSummary: summary } = await client.send(
      new kinesis.DescribeStreamSummaryCommand({ StreamName }),
    )
    return summary!.StreamStatus === 'ACTIVE' && summary!.StreamARN!
  })
}

async function until<T>(look: () => Promise<T | false>): Promise<T> {
  for (let looks = 0; looks < 1000; looks++) {
    const value = await look()
    if (value !== false) return value
    await pause(5)
  }
  throw new Error('not so after 1000 looks')
}

/** The names of all operations that the installed client has. */
export const everyOperation = (): ReadonlySet<string> =>
  new Set(
    Object.keys(kinesis)
      .filter((name) => /^[A-Z].*Command$/.test(name) && name !== '$Command')
      .map((name) => name.replace(/Command$/, '')),
  )
