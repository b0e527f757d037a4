import { enumeration, list, optional, string, structure } from '../../../core/shapes.ts'
import {
  allOptional,
  bufferingHints,
  cloudWatchLoggingOptions,
  retryOptions,
  roleArn,
  secretsManagerConfiguration,
} from './members.ts'
import { processingConfiguration } from './processing.ts'
import { s3Configuration, s3Update } from './s3.ts'

/* Any HTTP endpoint that keeps Firehose's contract [SDK model; `http://` is refused later, unless it is allowed]. */

const shortText = string({ min: 1, max: 256, pattern: '^(?!\\s*$).+' })

const endpoint = {
  EndpointConfiguration: structure({
    Url: string({ min: 1, max: 1000, pattern: 'https?://.*' }),
    Name: optional(shortText),
    AccessKey: optional(string({ min: 0, max: 4096, pattern: '.*' })),
  }),
  BufferingHints: optional(bufferingHints(64, 900)),
  CloudWatchLoggingOptions: optional(cloudWatchLoggingOptions),
  RequestConfiguration: optional(
    structure({
      ContentEncoding: optional(enumeration('NONE', 'GZIP')),
      CommonAttributes: optional(
        list(structure({ AttributeName: shortText, AttributeValue: string({ min: 0, max: 1024, pattern: '.*' }) }), {
          min: 0,
          max: 50,
        }),
      ),
    }),
  ),
  ProcessingConfiguration: optional(processingConfiguration),
  RoleARN: optional(roleArn),
  RetryOptions: optional(retryOptions),
  S3BackupMode: optional(enumeration('FailedDataOnly', 'AllData')),
  SecretsManagerConfiguration: optional(secretsManagerConfiguration),
}

export const httpEndpointConfiguration = structure({ ...endpoint, S3Configuration: s3Configuration })
export const httpEndpointUpdate = structure({ ...allOptional(endpoint), S3Update: optional(s3Update) })
