import { AwsError, invalidArgument } from '../../core/aws-error.ts'

/* What Firehose answers when it cannot do what is asked. Sentences marked ours are not known from AWS. */

export const deliveryStreamNotFound = (name: string, accountId: string) =>
  new AwsError('ResourceNotFoundException', `Firehose ${name} under account ${accountId} not found.`)

export const deliveryStreamExists = (name: string, accountId: string) =>
  new AwsError('ResourceInUseException', `Firehose ${name} under accountId ${accountId} already exists`)

/** Ours. */
export const deliveryStreamBusy = (name: string, accountId: string, status: string) =>
  new AwsError('ResourceInUseException', `Firehose ${name} under account ${accountId} is not ACTIVE, it is ${status}.`)

export const tooManyDeliveryStreams = (accountId: string, max: number) =>
  new AwsError(
    'LimitExceededException',
    `You have already consumed your firehose quota of ${max} hoses for the account ${accountId}.`,
  )

export const kinesisSourceMissing = () =>
  invalidArgument('KinesisSourceStreamConfig is mandatory for KinesisStreamAsSource stream type.')

export const kinesisSourceUnwanted = () =>
  invalidArgument('KinesisSourceStreamConfig is only applicable for KinesisStreamAsSource stream type')

/** What DescribeStream says, which AWS hands on. */
export const cannotAssume = (roleArn: string) =>
  invalidArgument(`Firehose is unable to assume role ${roleArn}. Please check the role provided.`)

export const roleNotAuthorized = (roleArn: string, action: string, resource: string) =>
  invalidArgument(`Role ${roleArn} is not authorized to perform: ${action} on resource: ${resource}.`)

export const sourceStreamNotFound = (streamArn: string, accountId: string) =>
  invalidArgument(`Stream ${streamArn.replace(/^.*:stream\//, '')} under account ${accountId} not found.`)

/** Of a role that may not read the table that records are converted by; what Glue says of it follows. */
export const glueAccessDenied = (reason: string) =>
  `Access was denied when calling Glue. Please ensure that the role specified in the data format conversion configuration has the necessary permissions. ${reason}`

/** In the error log, of a role that may not read the stream. */
export const kinesisAccessDenied = {
  code: 'Kinesis.AccessDenied',
  message:
    'Access was denied when calling Kinesis. Ensure the access policy on the IAM role used allows access to the appropriate Kinesis APIs.',
}

/** Ours, in the error log, of records that were put. */
export const recordsGone = (recordCount: number) => ({
  code: 'DirectPut.RecordsGone',
  message: `${recordCount} records are gone before they were delivered: they waited longer than 24 hours, or cannot be read any more.`,
})

/** The same of records in a stream; `recordCount` is unknown where all of the shard is gone. */
export const streamRecordsGone = (shardId: string, recordCount: number | undefined) => ({
  code: 'Kinesis.RecordsGone',
  message:
    recordCount === undefined
      ? `${shardId} was gone before all of it was delivered: it was closed longer ago than the stream keeps records.`
      : `${recordCount} records of ${shardId} are gone before they were delivered: they waited longer than the stream keeps records, or cannot be read any more.`,
})

/** An answer to puts into a delivery stream that takes its records from elsewhere. */
export const notDirectPut = (type: string) =>
  invalidArgument(`This operation is not permitted on ${type} delivery stream type.`)

/** Ours. */
export const onlyDirectPutIsEncrypted = (type: string) =>
  invalidArgument(
    `Server-side encryption is for delivery streams whose source is DirectPut, and this one's is ${type}.`,
  )

/** Ours. */
export const keyArnMissing = () => invalidArgument('KeyARN is required where KeyType is CUSTOMER_MANAGED_CMK.')

/** Ours. */
export const keyArnUnwanted = () => invalidArgument('KeyARN must not be given where KeyType is AWS_OWNED_CMK.')

/** Ours. */
export const encryptionBusy = (name: string, accountId: string, status: string) =>
  new AwsError('ResourceInUseException', `The encryption of firehose ${name} under account ${accountId} is ${status}.`)

/** Ours. */
export const encryptionChangedTooOften = (name: string, perDay: number) =>
  new AwsError(
    'LimitExceededException',
    `The encryption of firehose ${name} cannot be changed more than ${perDay} times in 24 hours.`,
  )

/** A key that what is put is encrypted by, in the key service's words. */
export const invalidKmsResource = (code: string, message: string) =>
  new AwsError('InvalidKMSResourceException', message, 400, { code })

export const slowDown = () => new AwsError('ServiceUnavailableException', 'Slow down.', 503)

/** Ours; AWS's disks have no end. */
export const backlogFull = (bytesMax: number) =>
  new AwsError(
    'ServiceUnavailableException',
    `Slow down: the records that wait to be delivered take ${bytesMax} bytes, which is as much as may wait (--backlog-bytes-max).`,
    503,
  )

export const batchTooLarge = (bytesMax: number) =>
  invalidArgument(`Records size exceeds ${bytesMax / (1024 * 1024)} MB limit`)

export const versionMismatch = (name: string, given: string, version: number) =>
  new AwsError(
    'ConcurrentModificationException',
    `Cannot update firehose: ${name} since the current version id: ${version} and specified version id: ${given} do not match`,
  )

/** Ours: an honest answer where AWS has more than Millrace. */
export const notDeliveredTo = (what: string) =>
  invalidArgument(`Millrace does not support ${what}. See docs/firehose.md for what there is.`)

/** To updates that would keep less than everything, once everything is kept. */
export const backupStays = () => invalidArgument('Disabling S3 backup is not currently supported.')

export const backupNeedsBucket = () =>
  invalidArgument('S3 backup destination configuration is required when enabling S3 backup.')

/** Ours. */
export const noBuckets = () =>
  invalidArgument('This Millrace has no buckets: start it with --data DIR, --buckets DIR or --s3-endpoint URL.')

export const wrongProcessorCount = () =>
  invalidArgument('A maximum of 5 and a minimum of 1 processor needs to be supplied when processing is enabled.')

export const twiceTheSameProcessor = (type: string) => invalidArgument(`Cannot have more than 1 ${type} processor.`)

export const extractionNeedsDecompression = () =>
  invalidArgument('CloudWatchLogProcessingProcessor can only be enabled with DecompressionProcessor')
