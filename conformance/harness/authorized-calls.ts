/*
 * What each operation of each service is asked in the tests of authorization, and what somebody must be allowed to do so, told
 * here a second time, by AWS's service authorization reference: `ACTION RESOURCE`, where the resource is a path of the
 * service, a whole ARN, or `*`. Nothing of what is named is there.
 */

export type AuthorizedCall = {
  /** Blobs as bytes. */
  readonly input: Readonly<Record<string, unknown>>
  readonly needs: readonly string[]
}

export const accountId = '000000000000'
export const arnOf = (service: string, path: string) => `arn:aws:${service}:us-east-1:${accountId}:${path}`

const stream = 'stream/nowhere'
const streamArn = arnOf('kinesis', stream)
const consumer = `${stream}/consumer/reader:1700000000`
const consumerArn = arnOf('kinesis', consumer)
const channel = 'channel/00000000-0000-0000-0000-000000000000'
const channelArn = arnOf('kinesis', channel)
export const role = `arn:aws:iam::${accountId}:role/worker`

const call = (input: AuthorizedCall['input'], ...needs: readonly string[]): AuthorizedCall => ({ input, needs })

/** An operation on a stream by its name. */
const onStream = (name: string, input: AuthorizedCall['input'] = {}) =>
  call({ StreamName: 'nowhere', ...input }, `kinesis:${name} ${stream}`)
const byArn = (name: string, input: AuthorizedCall['input'] = {}) =>
  call({ StreamARN: streamArn, ...input }, `kinesis:${name} ${stream}`)
const onResource = (name: string, input: AuthorizedCall['input'] = {}) =>
  call({ ResourceARN: streamArn, ...input }, `kinesis:${name} ${stream}`)

const bytes = Buffer.from('data')
const bucket = { BucketARN: 'arn:aws:s3:::bucket', ExpectedBucketOwner: accountId }

const streams: Readonly<Record<string, AuthorizedCall>> = {
  AddTagsToStream: onStream('AddTagsToStream', { Tags: { a: 'b' } }),
  CreateChannel: call(
    {
      ChannelName: 'channel',
      ServiceExecutionRoleARN: role,
      StreamConfigurationList: [{ StreamARN: streamArn, RecordConfiguration: { RecordFormatType: 'JSON' } }],
      S3DestinationConfiguration: { StorageConfiguration: { ...bucket, CompressionType: 'GZIP' } },
      Tags: { a: 'b' },
    },
    `kinesis:CreateChannel ${stream}`,
    `kinesis:AssociateStreamsWithChannel ${stream}`,
    'kinesis:TagResource channel/*',
    `iam:PassRole ${role}`,
  ),
  CreateStream: call(
    { StreamName: 'made', ShardCount: 1, Tags: { a: 'b' } },
    'kinesis:CreateStream stream/made',
    'kinesis:AddTagsToStream stream/made',
  ),
  DecreaseStreamRetentionPeriod: onStream('DecreaseStreamRetentionPeriod', { RetentionPeriodHours: 24 }),
  DeleteChannel: call({ ChannelARN: channelArn }, `kinesis:DeleteChannel ${channel}`),
  DeleteResourcePolicy: onResource('DeleteResourcePolicy'),
  DeleteStream: onStream('DeleteStream'),
  DeregisterStreamConsumer: call({ ConsumerARN: consumerArn }, `kinesis:DeregisterStreamConsumer ${consumer}`),
  DescribeAccountSettings: call({}, 'kinesis:DescribeAccountSettings *'),
  DescribeChannel: call({ ChannelARN: channelArn }, `kinesis:DescribeChannel ${channel}`),
  DescribeLimits: call({}, 'kinesis:DescribeLimits *'),
  DescribeStream: onStream('DescribeStream'),
  DescribeStreamConsumer: call({ ConsumerARN: consumerArn }, `kinesis:DescribeStreamConsumer ${consumer}`),
  DescribeStreamSummary: onStream('DescribeStreamSummary'),
  DisableEnhancedMonitoring: onStream('DisableEnhancedMonitoring', { ShardLevelMetrics: ['ALL'] }),
  EnableEnhancedMonitoring: onStream('EnableEnhancedMonitoring', { ShardLevelMetrics: ['ALL'] }),
  GetRecords: byArn('GetRecords', { ShardIterator: 'AAAA' }),
  GetResourcePolicy: onResource('GetResourcePolicy'),
  GetShardIterator: onStream('GetShardIterator', {
    ShardId: 'shardId-000000000000',
    ShardIteratorType: 'TRIM_HORIZON',
  }),
  IncreaseStreamRetentionPeriod: onStream('IncreaseStreamRetentionPeriod', { RetentionPeriodHours: 48 }),
  ListChannels: call({}, 'kinesis:ListChannels stream/*'),
  ListShards: onStream('ListShards'),
  ListStreamConsumers: byArn('ListStreamConsumers'),
  ListStreams: call({}, 'kinesis:ListStreams stream/*'),
  ListTagsForResource: onResource('ListTagsForResource'),
  ListTagsForStream: onStream('ListTagsForStream'),
  MergeShards: onStream('MergeShards', {
    ShardToMerge: 'shardId-000000000000',
    AdjacentShardToMerge: 'shardId-000000000001',
  }),
  PutRecord: onStream('PutRecord', { Data: bytes, PartitionKey: 'key' }),
  PutRecords: onStream('PutRecords', { Records: [{ Data: bytes, PartitionKey: 'key' }] }),
  PutResourcePolicy: onResource('PutResourcePolicy', { Policy: '{}' }),
  RegisterStreamConsumer: call(
    { StreamARN: streamArn, ConsumerName: 'reader', Tags: { a: 'b' } },
    `kinesis:RegisterStreamConsumer ${stream}`,
    `kinesis:TagResource ${stream}/consumer/reader:*`,
  ),
  RemoveTagsFromStream: onStream('RemoveTagsFromStream', { TagKeys: ['a'] }),
  SplitShard: onStream('SplitShard', { ShardToSplit: 'shardId-000000000000', NewStartingHashKey: '10' }),
  StartStreamEncryption: onStream('StartStreamEncryption', { EncryptionType: 'KMS', KeyId: 'alias/aws/kinesis' }),
  StopStreamEncryption: onStream('StopStreamEncryption', { EncryptionType: 'KMS', KeyId: 'alias/aws/kinesis' }),
  SubscribeToShard: call(
    { ConsumerARN: consumerArn, ShardId: 'shardId-000000000000', StartingPosition: { Type: 'LATEST' } },
    `kinesis:SubscribeToShard ${consumer}`,
  ),
  TagResource: onResource('TagResource', { Tags: { a: 'b' } }),
  UntagResource: onResource('UntagResource', { TagKeys: ['a'] }),
  UpdateAccountSettings: call(
    { MinimumThroughputBillingCommitment: { Status: 'ENABLED' } },
    'kinesis:UpdateAccountSettings *',
  ),
  UpdateChannel: call({ ChannelARN: channelArn }, `kinesis:UpdateChannel ${channel}`),
  UpdateMaxRecordSize: byArn('UpdateMaxRecordSize', { MaxRecordSizeInKiB: 1024 }),
  UpdateShardCount: onStream('UpdateShardCount', { TargetShardCount: 2, ScalingType: 'UNIFORM_SCALING' }),
  UpdateStreamMode: byArn('UpdateStreamMode', { StreamModeDetails: { StreamMode: 'ON_DEMAND' } }),
  UpdateStreamRecordDistributionStrategy: byArn('UpdateStreamRecordDistributionStrategy', {
    RecordDistributionStrategy: 'AUTO',
  }),
  UpdateStreamWarmThroughput: byArn('UpdateStreamWarmThroughput', { WarmThroughputMiBps: 1 }),
}

const onDelivery = (name: string, input: AuthorizedCall['input'] = {}) =>
  call({ DeliveryStreamName: 'nowhere', ...input }, `firehose:${name} deliverystream/nowhere`)

const firehose: Readonly<Record<string, AuthorizedCall>> = {
  CreateDeliveryStream: call(
    {
      DeliveryStreamName: 'made',
      ExtendedS3DestinationConfiguration: { BucketARN: bucket.BucketARN, RoleARN: role },
      Tags: [{ Key: 'a', Value: 'b' }],
    },
    'firehose:CreateDeliveryStream deliverystream/made',
    'firehose:TagDeliveryStream deliverystream/made',
    `iam:PassRole ${role}`,
  ),
  DeleteDeliveryStream: onDelivery('DeleteDeliveryStream'),
  DescribeDeliveryStream: onDelivery('DescribeDeliveryStream'),
  ListDeliveryStreams: call({}, 'firehose:ListDeliveryStreams deliverystream/*'),
  ListTagsForDeliveryStream: onDelivery('ListTagsForDeliveryStream'),
  PutRecord: onDelivery('PutRecord', { Record: { Data: bytes } }),
  PutRecordBatch: onDelivery('PutRecordBatch', { Records: [{ Data: bytes }] }),
  StartDeliveryStreamEncryption: onDelivery('StartDeliveryStreamEncryption'),
  StopDeliveryStreamEncryption: onDelivery('StopDeliveryStreamEncryption'),
  TagDeliveryStream: onDelivery('TagDeliveryStream', { Tags: [{ Key: 'a' }] }),
  UntagDeliveryStream: onDelivery('UntagDeliveryStream', { TagKeys: ['a'] }),
  UpdateDestination: call(
    {
      DeliveryStreamName: 'nowhere',
      CurrentDeliveryStreamVersionId: '1',
      DestinationId: 'destinationId-000000000001',
      ExtendedS3DestinationUpdate: { RoleARN: role },
    },
    'firehose:UpdateDestination deliverystream/nowhere',
    `iam:PassRole ${role}`,
  ),
}

const onTable = (name: string, input: AuthorizedCall['input'] = {}) =>
  call({ TableName: 'nowhere', ...input }, `dynamodb:${name} table/nowhere`)
const tableArn = arnOf('dynamodb', 'table/nowhere')
const Key = { id: { S: 'a' } }

const dynamodb: Readonly<Record<string, AuthorizedCall>> = {
  BatchGetItem: call(
    { RequestItems: { nowhere: { Keys: [Key] }, other: { Keys: [Key] } } },
    'dynamodb:BatchGetItem table/nowhere',
    'dynamodb:BatchGetItem table/other',
  ),
  BatchWriteItem: call(
    { RequestItems: { nowhere: [{ PutRequest: { Item: Key } }], other: [{ DeleteRequest: { Key } }] } },
    'dynamodb:BatchWriteItem table/nowhere',
    'dynamodb:BatchWriteItem table/other',
  ),
  CreateTable: call(
    {
      TableName: 'made',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
      Tags: [{ Key: 'a', Value: 'b' }],
    },
    'dynamodb:CreateTable table/made',
    'dynamodb:TagResource table/made',
  ),
  DeleteItem: onTable('DeleteItem', { Key }),
  DeleteTable: onTable('DeleteTable'),
  DescribeContinuousBackups: onTable('DescribeContinuousBackups'),
  DescribeEndpoints: call({}, 'dynamodb:DescribeEndpoints *'),
  DescribeLimits: call({}, 'dynamodb:DescribeLimits *'),
  DescribeTable: onTable('DescribeTable'),
  DescribeTimeToLive: onTable('DescribeTimeToLive'),
  GetItem: onTable('GetItem', { Key }),
  ListTables: call({}, 'dynamodb:ListTables table/*'),
  ListTagsOfResource: call({ ResourceArn: tableArn }, 'dynamodb:ListTagsOfResource table/nowhere'),
  PutItem: onTable('PutItem', { Item: Key }),
  Query: call(
    {
      TableName: 'nowhere',
      IndexName: 'by-name',
      KeyConditionExpression: 'id = :id',
      ExpressionAttributeValues: { ':id': { S: 'a' } },
    },
    'dynamodb:Query table/nowhere/index/by-name',
  ),
  Scan: onTable('Scan'),
  TagResource: call({ ResourceArn: tableArn, Tags: [{ Key: 'a', Value: 'b' }] }, 'dynamodb:TagResource table/nowhere'),
  TransactGetItems: call(
    { TransactItems: [{ Get: { TableName: 'nowhere', Key } }, { Get: { TableName: 'other', Key } }] },
    'dynamodb:GetItem table/nowhere',
    'dynamodb:GetItem table/other',
  ),
  TransactWriteItems: call(
    {
      TransactItems: [
        { ConditionCheck: { TableName: 'nowhere', Key, ConditionExpression: 'attribute_exists(id)' } },
        { Delete: { TableName: 'nowhere', Key } },
        { Put: { TableName: 'other', Item: Key } },
        { Update: { TableName: 'other', Key, UpdateExpression: 'SET a = id' } },
      ],
    },
    'dynamodb:ConditionCheckItem table/nowhere',
    'dynamodb:DeleteItem table/nowhere',
    'dynamodb:PutItem table/other',
    'dynamodb:UpdateItem table/other',
  ),
  UntagResource: call({ ResourceArn: tableArn, TagKeys: ['a'] }, 'dynamodb:UntagResource table/nowhere'),
  UpdateContinuousBackups: onTable('UpdateContinuousBackups', {
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
  }),
  UpdateItem: onTable('UpdateItem', { Key }),
  UpdateTable: onTable('UpdateTable', { BillingMode: 'PAY_PER_REQUEST' }),
  UpdateTimeToLive: onTable('UpdateTimeToLive', {
    TimeToLiveSpecification: { AttributeName: 'ends', Enabled: true },
  }),
}

const onGlue = (name: string, input: AuthorizedCall['input'], ...paths: readonly string[]) =>
  call(input, ...['catalog', ...paths].map((path) => `glue:${name} ${path}`))
/** Names are known in small letters, however they are written. */
const onGlueTable = (name: string, input: AuthorizedCall['input'] = { DatabaseName: 'DB', TableName: 'Things' }) =>
  onGlue(name, input, 'database/db', 'table/db/things')
const byTableName = { DatabaseName: 'db', Name: 'THINGS' }

const glue: Readonly<Record<string, AuthorizedCall>> = {
  BatchDeleteTable: onGlue(
    'BatchDeleteTable',
    { DatabaseName: 'db', TablesToDelete: ['things', 'others'] },
    'database/db',
    'table/db/things',
    'table/db/others',
  ),
  BatchDeleteTableVersion: onGlueTable('BatchDeleteTableVersion', {
    DatabaseName: 'db',
    TableName: 'things',
    VersionIds: ['0'],
  }),
  CreateDatabase: onGlue('CreateDatabase', { DatabaseInput: { Name: 'Made' } }, 'database/made'),
  CreateTable: onGlueTable('CreateTable', { DatabaseName: 'db', TableInput: { Name: 'Things' } }),
  DeleteDatabase: onGlue('DeleteDatabase', { Name: 'db' }, 'database/db', 'table/db/*'),
  DeleteTable: onGlueTable('DeleteTable', byTableName),
  DeleteTableVersion: onGlueTable('DeleteTableVersion', { DatabaseName: 'db', TableName: 'things', VersionId: '0' }),
  GetDatabase: onGlue('GetDatabase', { Name: 'DB' }, 'database/db'),
  GetDatabases: onGlue('GetDatabases', {}, 'database/*'),
  GetPartition: onGlueTable('GetPartition', { DatabaseName: 'db', TableName: 'things', PartitionValues: ['a'] }),
  GetPartitionIndexes: onGlueTable('GetPartitionIndexes'),
  GetPartitions: onGlueTable('GetPartitions'),
  GetTable: onGlueTable('GetTable', byTableName),
  GetTables: onGlue('GetTables', { DatabaseName: 'db' }, 'database/db', 'table/db/*'),
  GetTableVersion: onGlueTable('GetTableVersion'),
  GetTableVersions: onGlueTable('GetTableVersions'),
  GetTags: call({ ResourceArn: arnOf('glue', 'database/db') }, 'glue:GetTags database/db'),
  UpdateDatabase: onGlue('UpdateDatabase', { Name: 'db', DatabaseInput: { Name: 'db' } }, 'database/db'),
  UpdateTable: onGlueTable('UpdateTable', { DatabaseName: 'db', TableInput: { Name: 'things' } }),
}

const onFunction = (name: string) => call({ FunctionName: 'nowhere' }, `lambda:${name} function:nowhere`)
const UUID = '00000000-0000-0000-0000-000000000000'
const onMapping = (name: string) => call({ UUID }, `lambda:${name} event-source-mapping:${UUID}`)

const lambda: Readonly<Record<string, AuthorizedCall>> = {
  CreateEventSourceMapping: call(
    { FunctionName: 'nowhere', EventSourceArn: streamArn, StartingPosition: 'LATEST', Tags: { a: 'b' } },
    'lambda:CreateEventSourceMapping *',
    'lambda:TagResource event-source-mapping:*',
  ),
  CreateFunction: onFunction('CreateFunction'),
  DeleteEventSourceMapping: onMapping('DeleteEventSourceMapping'),
  DeleteFunction: onFunction('DeleteFunction'),
  GetEventSourceMapping: onMapping('GetEventSourceMapping'),
  GetFunction: onFunction('GetFunction'),
  GetFunctionConfiguration: onFunction('GetFunctionConfiguration'),
  Invoke: onFunction('InvokeFunction'),
  ListEventSourceMappings: call({}, 'lambda:ListEventSourceMappings *'),
  ListFunctions: call({}, 'lambda:ListFunctions *'),
  UpdateEventSourceMapping: onMapping('UpdateEventSourceMapping'),
  UpdateFunctionCode: onFunction('UpdateFunctionCode'),
  UpdateFunctionConfiguration: onFunction('UpdateFunctionConfiguration'),
}

const cloudwatch: Readonly<Record<string, AuthorizedCall>> = {
  GetMetricData: call({}, 'cloudwatch:GetMetricData *'),
  GetMetricStatistics: call({}, 'cloudwatch:GetMetricStatistics *'),
  ListMetrics: call({}, 'cloudwatch:ListMetrics *'),
  PutMetricData: call({ Namespace: 'Mine' }, 'cloudwatch:PutMetricData *'),
}

const sts: Readonly<Record<string, AuthorizedCall>> = {
  AssumeRole: call({ RoleArn: role, RoleSessionName: 'session' }, `sts:AssumeRole ${role}`),
  GetAccessKeyInfo: call({ AccessKeyId: 'AKIAIOSFODNN7EXAMPLE' }, 'sts:GetAccessKeyInfo *'),
  GetCallerIdentity: call({}),
  GetSessionToken: call({}),
}

/** By the folder of the service, and the operation's name. */
export const authorizedCalls: Readonly<Record<string, Readonly<Record<string, AuthorizedCall>>>> = {
  streams,
  firehose,
  dynamodb,
  glue,
  lambda,
  cloudwatch,
  sts,
}
