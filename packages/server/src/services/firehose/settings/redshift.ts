import { enumeration, optional, string, structure } from '../../../core/shapes.ts'
import { allOptional, cloudWatchLoggingOptions, retryOptions, roleArn, secretsManagerConfiguration } from './members.ts'
import { processingConfiguration } from './processing.ts'
import { s3Configuration, s3Update } from './s3.ts'

/* Redshift, and any PostgreSQL in its place [SDK model, but for hosts that are not AWS's]. */

const redshift = {
  RoleARN: roleArn,
  ClusterJDBCURL: string({
    min: 1,
    max: 512,
    pattern: 'jdbc:(redshift|postgresql)://[A-Za-z0-9.\\-\\[\\]:]+:\\d{1,5}/[a-zA-Z0-9_$-]+(\\?sslmode=[a-z-]+)?',
  }),
  CopyCommand: structure({
    DataTableName: string({ min: 1, max: 512, pattern: '.*' }),
    DataTableColumns: optional(string({ min: 0, max: 10_240, pattern: '.*' })),
    CopyOptions: optional(string({ min: 0, max: 10_240, pattern: '.*' })),
  }),
  Username: optional(string({ min: 1, max: 512, pattern: '.*' })),
  Password: optional(string({ min: 6, max: 512, pattern: '.*' })),
  RetryOptions: optional(retryOptions),
  ProcessingConfiguration: optional(processingConfiguration),
  S3BackupMode: optional(enumeration('Disabled', 'Enabled')),
  CloudWatchLoggingOptions: optional(cloudWatchLoggingOptions),
  SecretsManagerConfiguration: optional(secretsManagerConfiguration),
}

export const redshiftConfiguration = structure({
  ...redshift,
  S3Configuration: s3Configuration,
  S3BackupConfiguration: optional(s3Configuration),
})
export const redshiftUpdate = structure({
  ...allOptional(redshift),
  S3Update: optional(s3Update),
  S3BackupUpdate: optional(s3Update),
})
