import { enumeration, integer, optional, string, structure } from '../../../core/shapes.ts'
import {
  allOptional,
  bufferingHints,
  cloudWatchLoggingOptions,
  retryOptions,
  secretsManagerConfiguration,
} from './members.ts'
import { processingConfiguration } from './processing.ts'
import { s3Configuration, s3Update } from './s3.ts'

/* Splunk's HTTP Event Collector [SDK model]. */

const splunk = {
  HECEndpoint: string({ min: 0, max: 2048, pattern: '.*' }),
  HECEndpointType: enumeration('Raw', 'Event'),
  HECToken: optional(string({ min: 0, max: 2048, pattern: '.*' })),
  HECAcknowledgmentTimeoutInSeconds: optional(integer({ min: 180, max: 600 })),
  RetryOptions: optional(retryOptions),
  S3BackupMode: optional(enumeration('FailedEventsOnly', 'AllEvents')),
  ProcessingConfiguration: optional(processingConfiguration),
  CloudWatchLoggingOptions: optional(cloudWatchLoggingOptions),
  BufferingHints: optional(bufferingHints(5, 60)),
  SecretsManagerConfiguration: optional(secretsManagerConfiguration),
}

export const splunkConfiguration = structure({ ...splunk, S3Configuration: s3Configuration })
export const splunkUpdate = structure({ ...allOptional(splunk), S3Update: optional(s3Update) })
