import { boolean, enumeration, optional, string, structure } from '../../../core/shapes.ts'
import { dataFormatConversionConfiguration } from './format-conversion.ts'
import {
  allOptional,
  bucketArn,
  bufferingHints,
  cloudWatchLoggingOptions,
  kmsKeyArn,
  retryOptions,
  roleArn,
} from './members.ts'
import { processingConfiguration } from './processing.ts'

/* S3 as a destination, as the backup of every other destination, and extended S3 [SDK model]. */

const encryptionConfiguration = structure({
  NoEncryptionConfig: optional(enumeration('NoEncryption')),
  KMSEncryptionConfig: optional(structure({ AWSKMSKeyARN: kmsKeyArn })),
})

const prefix = string({ min: 0, max: 1024, pattern: '.*' })

const s3 = {
  RoleARN: roleArn,
  BucketARN: bucketArn,
  Prefix: optional(prefix),
  ErrorOutputPrefix: optional(prefix),
  BufferingHints: optional(bufferingHints(128, 900)),
  CompressionFormat: optional(enumeration('UNCOMPRESSED', 'GZIP', 'ZIP', 'Snappy', 'HADOOP_SNAPPY')),
  EncryptionConfiguration: optional(encryptionConfiguration),
  CloudWatchLoggingOptions: optional(cloudWatchLoggingOptions),
}

export const s3Configuration = structure(s3)
export const s3Update = structure(allOptional(s3))

const extendedS3 = {
  ...s3,
  ProcessingConfiguration: optional(processingConfiguration),
  S3BackupMode: optional(enumeration('Disabled', 'Enabled')),
  DataFormatConversionConfiguration: optional(dataFormatConversionConfiguration),
  DynamicPartitioningConfiguration: optional(
    structure({
      RetryOptions: optional(retryOptions),
      Enabled: optional(boolean()),
    }),
  ),
  FileExtension: optional(string({ min: 0, max: 128, pattern: "^$|\\.[0-9a-z!\\-_.*'()]+" })),
  CustomTimeZone: optional(string({ min: 0, max: 50, pattern: '^$|[a-zA-Z/_]+' })),
}

export const extendedS3Configuration = structure({ ...extendedS3, S3BackupConfiguration: optional(s3Configuration) })
export const extendedS3Update = structure({ ...allOptional(extendedS3), S3BackupUpdate: optional(s3Update) })
