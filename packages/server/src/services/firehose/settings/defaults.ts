import type { ValueOf } from '../../../core/shapes.ts'
import type { httpEndpointConfiguration } from './http-endpoint.ts'
import type { redshiftConfiguration } from './redshift.ts'
import type { extendedS3Configuration, s3Configuration } from './s3.ts'
import type { searchConfiguration, searchServerlessConfiguration } from './search.ts'
import type {
  ExtendedS3Settings,
  HttpEndpointSettings,
  RedshiftSettings,
  S3Settings,
  SearchServerlessSettings,
  SearchSettings,
  SplunkSettings,
} from './settings.ts'
import type { splunkConfiguration } from './splunk.ts'

/* What AWS fills in where nothing was said [docs]. Retry durations of Splunk and HTTP endpoints are [unverified]. */

type Given = { readonly SizeInMBs?: number | undefined; readonly IntervalInSeconds?: number | undefined } | undefined

const hints = (given: Given, sizeMBs: number, intervalSeconds: number) => ({
  SizeInMBs: given?.SizeInMBs ?? sizeMBs,
  IntervalInSeconds: given?.IntervalInSeconds ?? intervalSeconds,
})

const retryFor = (given: { readonly DurationInSeconds?: number | undefined } | undefined, seconds: number) => ({
  DurationInSeconds: given?.DurationInSeconds ?? seconds,
})

const noEncryption = { NoEncryptionConfig: 'NoEncryption' as const, KMSEncryptionConfig: undefined }

export const s3WithDefaults = (given: ValueOf<typeof s3Configuration>): S3Settings => ({
  ...given,
  BufferingHints: hints(given.BufferingHints, 5, 300),
  CompressionFormat: given.CompressionFormat ?? 'UNCOMPRESSED',
  EncryptionConfiguration: given.EncryptionConfiguration ?? noEncryption,
  CloudWatchLoggingOptions: given.CloudWatchLoggingOptions ?? notLogged,
})

const notLogged = { Enabled: false, LogGroupName: undefined, LogStreamName: undefined }

/** Conversion to a format of columns, and partitioning, collect 128 MB. */
export function extendedS3WithDefaults(given: ValueOf<typeof extendedS3Configuration>): ExtendedS3Settings {
  const { S3BackupConfiguration, ...rest } = given
  const isConverted =
    given.DataFormatConversionConfiguration && given.DataFormatConversionConfiguration.Enabled !== false
  const partitioning = given.DynamicPartitioningConfiguration
  return {
    ...rest,
    ...s3WithDefaults(given),
    BufferingHints: hints(given.BufferingHints, isConverted || partitioning?.Enabled ? 128 : 5, 300),
    S3BackupMode: given.S3BackupMode ?? 'Disabled',
    ...(partitioning && {
      DynamicPartitioningConfiguration: { ...partitioning, RetryOptions: retryFor(partitioning.RetryOptions, 300) },
    }),
    ...(S3BackupConfiguration && { S3BackupConfiguration: s3WithDefaults(S3BackupConfiguration) }),
  }
}

export const httpEndpointWithDefaults = (given: ValueOf<typeof httpEndpointConfiguration>): HttpEndpointSettings => ({
  ...given,
  BufferingHints: hints(given.BufferingHints, 5, 300),
  RetryOptions: retryFor(given.RetryOptions, 300),
  RequestConfiguration: given.RequestConfiguration ?? { ContentEncoding: 'NONE', CommonAttributes: undefined },
  S3BackupMode: given.S3BackupMode ?? 'FailedDataOnly',
  S3Configuration: s3WithDefaults(given.S3Configuration),
})

export const splunkWithDefaults = (given: ValueOf<typeof splunkConfiguration>): SplunkSettings => ({
  ...given,
  HECAcknowledgmentTimeoutInSeconds: given.HECAcknowledgmentTimeoutInSeconds ?? 180,
  BufferingHints: hints(given.BufferingHints, 5, 60),
  RetryOptions: retryFor(given.RetryOptions, 3600),
  S3BackupMode: given.S3BackupMode ?? 'FailedEventsOnly',
  S3Configuration: s3WithDefaults(given.S3Configuration),
})

export const searchWithDefaults = (given: ValueOf<typeof searchConfiguration>): SearchSettings => ({
  ...given,
  IndexRotationPeriod: given.IndexRotationPeriod ?? 'OneDay',
  BufferingHints: hints(given.BufferingHints, 5, 300),
  RetryOptions: retryFor(given.RetryOptions, 300),
  S3BackupMode: given.S3BackupMode ?? 'FailedDocumentsOnly',
  S3Configuration: s3WithDefaults(given.S3Configuration),
  DocumentIdOptions: given.DocumentIdOptions ?? { DefaultDocumentIdFormat: 'FIREHOSE_DEFAULT' },
})

export const searchServerlessWithDefaults = (
  given: ValueOf<typeof searchServerlessConfiguration>,
): SearchServerlessSettings => ({
  ...given,
  BufferingHints: hints(given.BufferingHints, 5, 300),
  RetryOptions: retryFor(given.RetryOptions, 300),
  S3BackupMode: given.S3BackupMode ?? 'FailedDocumentsOnly',
  S3Configuration: s3WithDefaults(given.S3Configuration),
})

export function redshiftWithDefaults(given: ValueOf<typeof redshiftConfiguration>): RedshiftSettings {
  const { S3BackupConfiguration, ...rest } = given
  return {
    ...rest,
    RetryOptions: retryFor(given.RetryOptions, 3600),
    S3BackupMode: given.S3BackupMode ?? 'Disabled',
    S3Configuration: s3WithDefaults(given.S3Configuration),
    ...(S3BackupConfiguration && { S3BackupConfiguration: s3WithDefaults(S3BackupConfiguration) }),
  }
}
