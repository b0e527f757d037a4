import { enumeration, optional, string, structure } from '../../../core/shapes.ts'
import {
  allOptional,
  bufferingHints,
  cloudWatchLoggingOptions,
  retryOptions,
  roleArn,
  vpcConfiguration,
} from './members.ts'
import { processingConfiguration } from './processing.ts'
import { s3Configuration, s3Update } from './s3.ts'

/* Elasticsearch, OpenSearch Service (the same but for their names) and OpenSearch Serverless [SDK model]. */

const indexed = {
  RoleARN: roleArn,
  IndexName: string({ min: 1, max: 80, pattern: '.*' }),
  BufferingHints: optional(bufferingHints(100, 900)),
  RetryOptions: optional(retryOptions),
  ProcessingConfiguration: optional(processingConfiguration),
  CloudWatchLoggingOptions: optional(cloudWatchLoggingOptions),
}

/** What is fixed when a delivery stream is made. */
const fixed = {
  S3BackupMode: optional(enumeration('FailedDocumentsOnly', 'AllDocuments')),
  S3Configuration: s3Configuration,
  VpcConfiguration: optional(vpcConfiguration),
}

const cluster = {
  ...indexed,
  DomainARN: optional(
    string({ min: 1, max: 512, pattern: 'arn:.*:es:[a-zA-Z0-9\\-]+:\\d{12}:domain/[a-z][-0-9a-z]{2,27}' }),
  ),
  ClusterEndpoint: optional(string({ min: 1, max: 512, pattern: 'https?:.*' })),
  TypeName: optional(string({ min: 0, max: 100, pattern: '.*' })),
  IndexRotationPeriod: optional(enumeration('NoRotation', 'OneHour', 'OneDay', 'OneWeek', 'OneMonth')),
  DocumentIdOptions: optional(
    structure({ DefaultDocumentIdFormat: enumeration('FIREHOSE_DEFAULT', 'NO_DOCUMENT_ID') }),
  ),
}

export const searchConfiguration = structure({ ...cluster, ...fixed })
export const searchUpdate = structure({ ...allOptional(cluster), S3Update: optional(s3Update) })

const collection = {
  ...indexed,
  CollectionEndpoint: optional(string({ min: 1, max: 512, pattern: 'https?:.*' })),
}

export const searchServerlessConfiguration = structure({ ...collection, ...fixed })
export const searchServerlessUpdate = structure({ ...allOptional(collection), S3Update: optional(s3Update) })
