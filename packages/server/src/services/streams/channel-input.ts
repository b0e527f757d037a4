import { invalidArgument } from '../../core/aws-error.ts'
import { boolean, enumeration, integer, list, optional, string, structure, type ValueOf } from '../../core/shapes.ts'
import { freshnessOutside } from './faults.ts'
import type { StreamsLimits } from './limits.ts'
import { arnOfKinesis, streamArn } from './members.ts'

/* The inputs of the channel operations, with AWS's constraints [SDK model]. */

export const channelArn = string({
  min: 1,
  max: 2048,
  pattern: 'arn:aws.*:kinesis:.*:\\d{12}:channel/\\S+',
  linear: `${arnOfKinesis}(?=(.*:\\d{12}:channel/\\S))\\2\\S*`,
})
export const channelName = string({ min: 1, max: 128, pattern: '[a-zA-Z0-9_.-]+' })
export const executionRoleArn = string({
  min: 1,
  max: 512,
  pattern: 'arn:aws[-a-z0-9]*:iam::\\d{12}:role/[a-zA-Z_0-9+=,.@\\-_/]+',
})

const bucketArn = string({ min: 1, max: 2048, pattern: 'arn:aws[-a-z0-9]*:s3:::[a-z0-9._-]{3,63}' })
const bucketOwner = string({ min: 12, max: 12, pattern: '\\d{12}' })

const deadLetterQueue = structure({
  BucketARN: bucketArn,
  ExpectedBucketOwner: bucketOwner,
  ErrorOutputPrefix: optional(string({ min: 1, max: 512, pattern: "[0-9A-Za-z!\\-_'.*()\\/]+" })),
})

export const streamConfigurations = list(
  structure({
    StreamARN: streamArn,
    RecordConfiguration: structure({
      RecordFormatType: enumeration('GSR_JSON', 'JSON', 'STRING', 'BYTE_ARRAY'),
      GSRSchemaARN: optional(
        string({
          min: 1,
          max: 512,
          pattern: 'arn:aws[-a-z0-9]*:glue:[-a-z0-9]+:\\d{12}:schema/[-a-zA-Z0-9_$#.]+/[-a-zA-Z0-9_$#.]+',
        }),
      ),
    }),
  }),
  { min: 1, max: 10_000 },
)

export const s3Destination = structure({
  DataFreshnessInSeconds: optional(integer()),
  DeadLetterQueueS3Configuration: optional(deadLetterQueue),
  StorageConfiguration: structure({
    BucketARN: bucketArn,
    ExpectedBucketOwner: bucketOwner,
    OutputKeyTemplate: optional(string({ min: 1, max: 1024, pattern: "[0-9A-Za-z!\\-_'.*()\\/=:{}]+" })),
    StorageClass: optional(enumeration('STANDARD', 'INTELLIGENT_TIERING', 'GLACIER_IR')),
    CompressionType: enumeration('NONE', 'GZIP', 'ZSTD'),
  }),
})

const tableName = string({ min: 1, max: 255, pattern: '[0-9a-z_]+' })

/** Checked as AWS checks it, and then refused. */
export const s3TablesDestination = structure({
  DataFreshnessInSeconds: optional(integer()),
  DeadLetterQueueS3Configuration: deadLetterQueue,
  S3TablesConfigurationList: list(
    structure({
      TableBucketARN: string({
        min: 1,
        max: 2048,
        pattern: 'arn:aws[-a-z0-9]*:s3tables:[-a-z0-9]+:\\d{12}:bucket/[a-z0-9_-]{3,63}',
      }),
      Namespace: tableName,
      TableName: tableName,
      CompressionType: enumeration('NONE', 'ZSTD', 'SNAPPY'),
      PartitionSpec: optional(
        structure({
          PartitionFields: list(
            structure({
              Transform: enumeration('TIME_HOUR'),
              SourceName: string({ min: 1, max: 255, pattern: '[a-zA-Z0-9._]+' }),
            }),
            { min: 1, max: 10 },
          ),
        }),
      ),
    }),
    { min: 1, max: 10_000 },
  ),
})

export const channelEncryption = structure({
  EncryptionType: enumeration('KMS'),
  KeyId: string({ min: 1, max: 2048 }),
})

export const channelLogging = structure({
  CloudWatchLogs: structure({
    Enabled: boolean(),
    LogGroupName: optional(string({ min: 1, max: 512, pattern: '[\\.\\-_/#A-Za-z0-9]+' })),
    LogStreamName: optional(string({ min: 1, max: 512, pattern: '[^:*]*' })),
  }),
})

export const freshnessUpdate = structure({ DataFreshnessInSeconds: integer() })

/** @throws InvalidArgumentException outside of AWS's range; where limits are off, only what is no time at all */
export function checkFreshness(seconds: number, { channelFreshnessSecondsMin: min }: StreamsLimits): void {
  if (seconds < min || seconds > freshnessSecondsMax) throw freshnessOutside(seconds, min, freshnessSecondsMax)
}

export const freshnessSecondsDefault = 300
const freshnessSecondsMax = 900

export type LoggingInput = ValueOf<typeof channelLogging> | undefined

/** AWS's names where none are given. */
export const loggingOf = (given: LoggingInput, before: { readonly logGroup: string; readonly logStream: string }) => ({
  isEnabled: given?.CloudWatchLogs.Enabled ?? false,
  logGroup: given?.CloudWatchLogs.LogGroupName ?? before.logGroup,
  logStream: given?.CloudWatchLogs.LogStreamName ?? before.logStream,
})

/** For `resource` of an operation: one that names no stream, or several, is refused for that. */
export const sourceOf = (configurations: ValueOf<typeof streamConfigurations>): { readonly StreamARN?: string } =>
  configurations.length === 1 ? configurations[0]! : {}

/** The one stream that a channel reads. @throws InvalidArgumentException */
export function oneStream(configurations: ValueOf<typeof streamConfigurations>) {
  const [first, ...more] = configurations
  if (!first || more.length > 0) throw invalidArgument('A channel has exactly one stream in StreamConfigurationList.')
  return first
}
