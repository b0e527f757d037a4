import { invalidArgument } from '../../../../core/aws-error.ts'
import type { ObjectStore } from '../../../../core/ports/objects.ts'
import type { FirehoseContext } from '../../context.ts'
import type { Delivered } from '../../delivery/plan.ts'
import type { DeliveryStream } from '../../delivery-stream.ts'
import { backupNeedsBucket, noBuckets, notDeliveredTo } from '../../faults.ts'
import { countDelivery } from '../../metrics.ts'
import type { RedshiftSettings } from '../../settings/settings.ts'
import type { DeliveryBatch } from '../destination.ts'
import { S3Destination } from '../s3/s3-destination.ts'
import { backupTo, limitsOf } from '../s3/to-s3.ts'
import { copyOptions, redshiftOptions } from './copy-options.ts'
import { databaseOf } from './jdbc-url.ts'
import { jsonPathsOf } from './json-paths.ts'
import type { Loader } from './loader.ts'
import { PostgresLoader } from './postgres-loader.ts'
import { RedshiftDestination } from './redshift-destination.ts'
import { RedshiftLoader } from './redshift-loader.ts'
import { connectSql } from './sql-connection.ts'
import { columnNames, tableName } from './sql-name.ts'

/** [docs] Firehose tries a COPY again so often. */
const retryEveryMs = 300_000

/** Redshift, or any PostgreSQL in its place: staged in a bucket, and copied from there, one COPY at a time. */
export function toRedshift(context: FirehoseContext, stream: DeliveryStream, settings: RedshiftSettings): Delivered {
  const { objects } = context
  if (!objects) throw noBuckets()
  const { RetryOptions, S3BackupConfiguration, S3BackupMode, S3Configuration } = settings
  if (S3BackupMode === 'Enabled' && !S3BackupConfiguration) throw backupNeedsBucket()
  const errors = backupTo(context, stream, S3Configuration)
  const destination = new RedshiftDestination({
    objects,
    bucket: S3Configuration.BucketARN.replace(/^.*:::/, ''),
    prefix: S3Configuration.Prefix ?? '',
    stage: stageOf(context, stream, objects, settings),
    loader: loaderOf(context, objects, settings),
  })
  return {
    destination,
    metricPrefix: 'DeliveryToRedshift',
    ...limitsOf(S3Configuration.BufferingHints),
    concurrentMax: 1,
    retryMs: RetryOptions.DurationInSeconds * 1000,
    retryEveryMs,
    errorOutputType: 'processing-failed',
    giveUp: (batch) => destination.giveUp(batch),
    errors,
    backup: S3BackupMode === 'Enabled' ? backupTo(context, stream, S3BackupConfiguration!) : undefined,
  }
}

/** Puts batches as S3 destinations do, with the metrics of one. */
function stageOf(
  { clock, metrics, random }: FirehoseContext,
  { name }: DeliveryStream,
  objects: ObjectStore,
  { S3Configuration }: RedshiftSettings,
) {
  let key = ''
  const watched: ObjectStore = {
    async put(...put) {
      key = put[1]
      await objects.put(...put)
    },
  }
  const s3 = new S3Destination({ objects: watched, random, name }, S3Configuration)
  return async (batch: DeliveryBatch): Promise<string> => {
    try {
      await s3.deliver(batch)
    } catch (error) {
      countDelivery(metrics, name, 'DeliveryToS3', 'Success', 0)
      throw error
    }
    const bytes = batch.records.reduce((sum, { data }) => sum + data.byteLength, 0)
    countDelivery(metrics, name, 'DeliveryToS3', 'Success', 1)
    countDelivery(metrics, name, 'DeliveryToS3', 'Bytes', bytes)
    countDelivery(metrics, name, 'DeliveryToS3', 'Records', batch.records.length)
    countDelivery(metrics, name, 'DeliveryToS3', 'DataFreshness', (clock.nowMs() - batch.firstArrivalMs) / 1000)
    return key
  }
}

/** @throws InvalidArgumentException for what a PostgreSQL cannot be told, and for what is more than a COPY */
function loaderOf({ clock, outbound }: FirehoseContext, objects: ObjectStore, settings: RedshiftSettings): Loader {
  const { ClusterJDBCURL, CopyCommand, Password, RoleARN, S3Configuration, SecretsManagerConfiguration } = settings
  const { CopyOptions = '', DataTableColumns = '', DataTableName } = CopyCommand
  if (SecretsManagerConfiguration?.Enabled) throw notDeliveredTo('credentials from Secrets Manager')
  if (settings.Username === undefined) throw invalidArgument('Username must be given.')
  const database = databaseOf(ClusterJDBCURL)
  const parts = { clock, outbound, database, username: settings.Username, password: Password }
  const connect = (signal: AbortSignal) => connectSql(parts, signal)
  const names = { table: tableName(DataTableName), columns: columnNames(DataTableColumns) }
  if (database.isRedshift)
    return new RedshiftLoader(connect, { ...names, roleArn: RoleARN, copyOptions: redshiftOptions(CopyOptions) })
  const options = copyOptions(CopyOptions)
  if (options.isGzip !== (S3Configuration.CompressionFormat === 'GZIP'))
    throw invalidArgument(
      `CopyCommand.CopyOptions ${options.isGzip ? 'has' : 'lacks'} GZIP, and the objects are ${S3Configuration.CompressionFormat}.`,
    )
  const { json } = options
  const jsonPaths = typeof json === 'string' ? undefined : () => jsonPathsOf(objects, json)
  return new PostgresLoader(connect, { ...names, copyOptions: options, jsonPaths })
}
