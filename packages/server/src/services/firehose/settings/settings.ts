import type { ValueOf } from '../../../core/shapes.ts'
import type { httpEndpointConfiguration } from './http-endpoint.ts'
import type { redshiftConfiguration } from './redshift.ts'
import type { extendedS3Configuration, s3Configuration } from './s3.ts'
import type { searchConfiguration, searchServerlessConfiguration } from './search.ts'
import type { splunkConfiguration } from './splunk.ts'

/*
 * A destination as it is kept, described and delivered to: AWS's members with AWS's names, and its defaults filled in. The
 * catalog keeps JSON, so that maps are plain objects here.
 */

type Hints = { readonly SizeInMBs: number; readonly IntervalInSeconds: number }
type Retry = { readonly DurationInSeconds: number }

/** What an operation was given, with these members replaced or certain. */
type Filled<Given, Certain> = Omit<Given, keyof Certain> & Certain

export type S3Settings = Filled<
  ValueOf<typeof s3Configuration>,
  {
    readonly BufferingHints: Hints
    readonly CompressionFormat: 'UNCOMPRESSED' | 'GZIP' | 'ZIP' | 'Snappy' | 'HADOOP_SNAPPY'
  }
>

/** Every destination but S3 has a bucket for what could not be delivered, or for everything. */
type Backed<Given, Mode extends string> = Filled<
  Given,
  {
    readonly BufferingHints: Hints
    readonly RetryOptions: Retry
    readonly S3BackupMode: Mode
    readonly S3Configuration: S3Settings
  }
>

export type ExtendedS3Settings = Filled<
  ValueOf<typeof extendedS3Configuration>,
  {
    readonly BufferingHints: Hints
    readonly CompressionFormat: S3Settings['CompressionFormat']
    readonly S3BackupMode: 'Disabled' | 'Enabled'
    readonly S3BackupConfiguration?: S3Settings | undefined
  }
>

export type HttpEndpointSettings = Backed<ValueOf<typeof httpEndpointConfiguration>, 'FailedDataOnly' | 'AllData'>

export type SplunkSettings = Backed<ValueOf<typeof splunkConfiguration>, 'FailedEventsOnly' | 'AllEvents'>

export type SearchSettings = Backed<ValueOf<typeof searchConfiguration>, 'FailedDocumentsOnly' | 'AllDocuments'>

export type SearchServerlessSettings = Backed<
  ValueOf<typeof searchServerlessConfiguration>,
  'FailedDocumentsOnly' | 'AllDocuments'
>

export type RedshiftSettings = Filled<
  ValueOf<typeof redshiftConfiguration>,
  {
    readonly RetryOptions: Retry
    readonly S3BackupMode: 'Disabled' | 'Enabled'
    readonly S3Configuration: S3Settings
    readonly S3BackupConfiguration?: S3Settings | undefined
  }
>

/** By the names that AWS's `…DestinationConfiguration` and `…DestinationDescription` begin with. */
export type DestinationSettings =
  | { readonly kind: 'ExtendedS3'; readonly settings: ExtendedS3Settings }
  | { readonly kind: 'HttpEndpoint'; readonly settings: HttpEndpointSettings }
  | { readonly kind: 'Splunk'; readonly settings: SplunkSettings }
  | { readonly kind: 'Elasticsearch' | 'Amazonopensearchservice'; readonly settings: SearchSettings }
  | { readonly kind: 'AmazonOpenSearchServerless'; readonly settings: SearchServerlessSettings }
  | { readonly kind: 'Redshift'; readonly settings: RedshiftSettings }
