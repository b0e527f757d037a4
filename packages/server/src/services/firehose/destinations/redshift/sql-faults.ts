import { OutboundFailed } from '../../../../core/ports/outbound.ts'
import { DeliveryFailed } from '../destination.ts'

/*
 * What a database says → Firehose's code and sentence for it [docs, "Amazon Redshift data delivery errors"]. What the server
 * said itself stands behind the sentence.
 */

const sentences = {
  TableNotFound: 'The table to which to load data was not found. Ensure that the specified table exists.',
  SyntaxError: 'The COPY command contains a syntax error. Retry the command.',
  AuthenticationFailed:
    'The provided user name and password failed authentication. Provide a valid user name and password.',
  AccessDenied:
    'Access was denied. Ensure that the trust policy for the provided IAM role allows Kinesis Firehose to assume the role.',
  S3BucketAccessDenied:
    'The COPY command was unable to access the S3 bucket. Ensure that the access policy for the provided IAM role allows access to the S3 bucket.',
  DataLoadFailed: 'Loading data into the table failed. Check STL_LOAD_ERRORS system table for details.',
  ColumnNotFound: 'A column in the COPY command does not exist in the table. Specify a valid column name.',
  DatabaseNotFound:
    'The database specified in the Amazon Redshift destination configuration or JDBC URL was not found. Specify a valid database name.',
  IncorrectCopyOptions:
    'Conflicting or redundant COPY options were provided. Some options are not compatible in certain combinations. Check the COPY command reference for more info.',
  MissingColumn:
    'There is a column defined in the table schema as NOT NULL without a DEFAULT value and not included in the column list. Exclude this column, ensure that the loaded data always provides a value for this column, or add a default value to the Amazon Redshift schema for this table.',
  ConnectionFailed:
    'The connection to the specified Amazon Redshift cluster failed. Ensure that security settings allow Kinesis Firehose connections, that the cluster or database specified in the Amazon Redshift destination configuration or JDBC URL is correct, and that the cluster is available.',
  ColumnMismatch:
    'The number of jsonpaths in the COPY command and the number of columns in the destination table should match. Retry the command.',
  IncorrectOrMissingRegion:
    'Amazon Redshift attempted to use the wrong region endpoint for accessing the S3 bucket. Either specify a correct region value in the COPY command options or ensure that the S3 bucket is in the same region as the Amazon Redshift database.',
  IncorrectJsonPathsFile: 'The provided jsonpaths file is not in a supported JSON format. Retry the command.',
  MissingS3File:
    'One or more S3 files required by Amazon Redshift have been removed from the S3 bucket. Check the S3 bucket policies to remove any automatic deletion of S3 files.',
  InsufficientPrivilege:
    'The user does not have permissions to load data into the table. Check the Amazon Redshift user permissions for the INSERT privilege.',
  ReadOnlyCluster: 'The query cannot be executed because the system is in resize mode. Try the query again later.',
  DiskFull:
    'Data could not be loaded because the disk is full. Increase the capacity of the Amazon Redshift cluster or delete unused data to free disk space.',
} as const

export type SqlFault = keyof typeof sentences

export function sqlFailed(fault: SqlFault, said: string, cause?: unknown): DeliveryFailed {
  return new DeliveryFailed(`Redshift.${fault}`, `${sentences[fault]} (${said})`, undefined, { cause })
}

/** SQLSTATE, whole or its class, with what PostgreSQL and Redshift mean by it. */
const bySqlState: Readonly<Record<string, SqlFault>> = {
  '42P01': 'TableNotFound',
  '3F000': 'TableNotFound',
  '42703': 'ColumnNotFound',
  '42501': 'InsufficientPrivilege',
  '3D000': 'DatabaseNotFound',
  '25006': 'ReadOnlyCluster',
  '53100': 'DiskFull',
  '23502': 'DataLoadFailed',
  '28': 'AuthenticationFailed',
  '22': 'DataLoadFailed',
  '23': 'DataLoadFailed',
  '42': 'SyntaxError',
}

/** Redshift says many things by one SQLSTATE (XX000), and means them by its words. */
const byWords: readonly [RegExp, SqlFault][] = [
  [/nonexistent table/i, 'TableNotFound'],
  [/not authorized to assume/i, 'AccessDenied'],
  [/access ?denied/i, 'S3BucketAccessDenied'],
  [/must be addressed using the specified endpoint|PermanentRedirect/i, 'IncorrectOrMissingRegion'],
  [/^(?=.*does not exist)(?=.*s3)|NoSuchKey|mandatory url is not present/is, 'MissingS3File'],
  [/number of jsonpaths/i, 'ColumnMismatch'],
  [/jsonpath/i, 'IncorrectJsonPathsFile'],
  [/conflicting|redundant|specified more than once/i, 'IncorrectCopyOptions'],
  [/^(?=.*not null)(?=.*without)(?=.*default)|NOT NULL column/is, 'MissingColumn'],
  [/disk full/i, 'DiskFull'],
  [/stl_load_errors|load into table/i, 'DataLoadFailed'],
]

/** Any error of a load → what is told of it. Defects of ours are none of a database's, and stay what they are. */
export function failureOfSql(error: unknown): Error {
  if (error instanceof DeliveryFailed || error instanceof TypeError || error instanceof RangeError) return error
  const { code = '', message } = error as Error & { readonly code?: string }
  if (error instanceof OutboundFailed || !/^[0-9A-Z]{5}$/.test(code))
    return sqlFailed('ConnectionFailed', message, error)
  const fault = bySqlState[code] ?? byWords.find(([words]) => words.test(message))?.[1] ?? bySqlState[code.slice(0, 2)]
  return sqlFailed(fault ?? 'ConnectionFailed', message, error)
}

/**
 * The line of a COPY whose row was refused, from 1 on; undefined if the error is none of a row's.
 *
 * Classes 22 (bad data) and 23 (a broken constraint) are a row's fault; the server says which in its context: `COPY
 * orders, line 3, column price: "x"`.
 */
export function refusedLine(error: unknown): number | undefined {
  const { code = '', where = '' } = error as { readonly code?: string; readonly where?: string }
  const line = /^2[23]/.test(code) ? /^COPY .*?, line (\d+)/m.exec(where)?.[1] : undefined
  return line === undefined ? undefined : Number(line)
}
