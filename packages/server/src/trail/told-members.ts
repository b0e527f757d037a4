/*
 * What of inputs and outputs may stand in the trail. Everything else is left out: a member that is not named here, in a
 * service that is not named here, is never written, whatever it holds. A name counts at every depth; what holds others
 * (a structure, a list, a map) is looked into only if it is named itself. Bytes are never written.
 *
 * Never to be named: what records, items, metrics and invocations carry; keys, passwords, tokens of any kind; texts that
 * people write freely; addresses that may have one of these in them.
 */

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

/** Of management events, by the service's name. */
export const toldMembers: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  [
    'kinesis',
    words(`
      StreamName StreamARN StreamId ResourceARN ShardId ShardCount StreamModeDetails StreamMode Tags TagKeys
      Limit MaxResults ExclusiveStartShardId ExclusiveStartStreamName ExclusiveStartTagKey StreamCreationTimestamp
      ShardFilter Type Timestamp
      ShardToMerge AdjacentShardToMerge ShardToSplit NewStartingHashKey TargetShardCount ScalingType
      ConsumerName ConsumerARN Consumer ConsumerStatus ConsumerCreationTimestamp Policy EncryptionType KeyId
      ShardLevelMetrics CurrentShardLevelMetrics DesiredShardLevelMetrics CurrentShardCount RecordDistributionStrategy
      MinimumThroughputBillingCommitment Status WarmThroughput ChannelName ChannelARN ChannelStatus
      ServiceExecutionRoleARN StreamConfigurationList StreamConfiguration S3DestinationConfiguration
      S3TablesDestinationConfiguration EncryptionConfiguration LoggingConfiguration BucketARN KMSKeyARN KmsKeyId
      RecordFormat CompressionFormat StorageClass StreamFilter
    `),
  ],
  [
    'firehose',
    words(`
      DeliveryStreamName DeliveryStreamARN DeliveryStreamType DestinationId CurrentDeliveryStreamVersionId Tags TagKeys Key
      Value ExclusiveStartTagKey ExclusiveStartDestinationId ExclusiveStartDeliveryStreamName
      DirectPutSourceConfiguration KinesisStreamSourceConfiguration KinesisStreamARN MSKSourceConfiguration MSKClusterARN
      TopicName AuthenticationConfiguration Connectivity DeliveryStreamEncryptionConfigurationInput KeyARN KeyType
      S3DestinationConfiguration ExtendedS3DestinationConfiguration RedshiftDestinationConfiguration
      ElasticsearchDestinationConfiguration AmazonopensearchserviceDestinationConfiguration
      AmazonOpenSearchServerlessDestinationConfiguration SplunkDestinationConfiguration
      HttpEndpointDestinationConfiguration SnowflakeDestinationConfiguration IcebergDestinationConfiguration
      S3DestinationUpdate ExtendedS3DestinationUpdate RedshiftDestinationUpdate ElasticsearchDestinationUpdate
      AmazonopensearchserviceDestinationUpdate AmazonOpenSearchServerlessDestinationUpdate SplunkDestinationUpdate
      HttpEndpointDestinationUpdate SnowflakeDestinationUpdate IcebergDestinationUpdate
      RoleARN BucketARN Prefix ErrorOutputPrefix FileExtension CustomTimeZone BufferingHints CompressionFormat
      EncryptionConfiguration NoEncryptionConfig KMSEncryptionConfig AWSKMSKeyARN CloudWatchLoggingOptions LogGroupName
      LogStreamName S3BackupMode S3BackupConfiguration S3BackupUpdate S3Configuration S3Update
      ProcessingConfiguration Processors Type Parameters ParameterName DataFormatConversionConfiguration
      SchemaConfiguration CatalogId DatabaseName TableName Region VersionId DynamicPartitioningConfiguration RetryOptions
      CopyCommand DataTableName DomainARN IndexName TypeName IndexRotationPeriod VpcConfiguration SubnetIds
      SecurityGroupIds SecretsManagerConfiguration SecretARN HECEndpointType EndpointConfiguration Name
      RequestConfiguration ContentEncoding
    `),
  ],
  [
    'dynamodb',
    words(`
      TableName TableArn TableId TableStatus TableClass ResourceArn IndexName IndexArn IndexStatus AttributeDefinitions
      AttributeName AttributeType KeySchema KeyType LocalSecondaryIndexes GlobalSecondaryIndexes
      GlobalSecondaryIndexUpdates Create Update Delete Projection ProjectionType NonKeyAttributes BillingMode
      BillingModeSummary ProvisionedThroughput StreamSpecification StreamViewType SSESpecification SSEDescription SSEType
      KMSMasterKeyId KMSMasterKeyArn Status Tags Key Value TagKeys TimeToLiveSpecification
      PointInTimeRecoverySpecification ContinuousBackupsDescription ContinuousBackupsStatus PointInTimeRecoveryDescription
      PointInTimeRecoveryStatus TableDescription TableClassSummary CreationDateTime LatestStreamLabel LatestStreamArn
      DeletionProtectionEnabled ResourcePolicy Policy ExclusiveStartTableName
    `),
  ],
  [
    'lambda',
    words(`
      FunctionName FunctionArn FunctionVersion Qualifier Role Runtime Handler Version State LastUpdateStatus PackageType
      LastModified RevisionId CodeSha256 MasterRegion UUID EventSourceArn EventSourceMappingArn
      StartingPosition StartingPositionTimestamp DestinationConfig OnFailure OnSuccess Destination
      FunctionResponseTypes MetricsConfig Metrics KMSKeyArn Tags StateTransitionReason LastProcessingResult
    `),
  ],
  [
    'glue',
    words(`
      CatalogId DatabaseName Name TableName TablesToDelete VersionId VersionIds ResourceArn ResourceShareType
      AttributesToGet DatabaseInput LocationUri TargetDatabase TargetTable Region TableInput TableType PartitionKeys Type
      StorageDescriptor Columns Location InputFormat OutputFormat SerdeInfo SerializationLibrary BucketColumns
      CreateTableDefaultPermissions Principal DataLakePrincipalIdentifier Permissions QueryAsOfTime
    `),
  ],
  [
    'sts',
    words(`
      RoleArn RoleSessionName SourceIdentity SerialNumber PolicyArns arn Tags Key Value TransitiveTagKeys Credentials
      AccessKeyId Expiration AssumedRoleUser AssumedRoleId Arn
    `),
  ],
])

/** Of data events, which come with payloads: no more than what names the resource and how it is read. */
export const toldOfData: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  [
    'kinesis',
    words(`
      StreamName StreamARN StreamId ShardId ShardIterator ShardIteratorType StartingSequenceNumber Timestamp ConsumerARN
      StartingPosition Type SequenceNumber
    `),
  ],
  ['firehose', words('DeliveryStreamName')],
  [
    'dynamodb',
    words(`
      TableName IndexName Select ReturnValues ReturnConsumedCapacity ReturnItemCollectionMetrics
      ReturnValuesOnConditionCheckFailure
    `),
  ],
  ['lambda', words('FunctionName Qualifier InvocationType LogType')],
  ['monitoring', words('Namespace MetricName StartTime EndTime Statistics Unit ScanBy RecentlyActive OwningAccount')],
])
