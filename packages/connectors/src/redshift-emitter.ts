import type { S3Client } from '@aws-sdk/client-s3'
import type { Batch, Emitter, Refusal } from './pipeline.ts'
import { S3Emitter, type S3EmitterOptions } from './s3-emitter.ts'
import { quotedName, quotedText, type SqlClient } from './sql-client.ts'

export type RedshiftEmitterOptions<Out> = S3EmitterOptions<Out> & {
  /** `table` or `schema.table`. */
  readonly table: string
  /** @default all of the table, in its order */
  readonly columns?: readonly string[]
  /** The role that Redshift reads the bucket by. */
  readonly iamRole: string
  /** What stands at the end of COPY, e.g. `CSV`, `GZIP`. @default `FORMAT JSON 'auto'`, and `GZIP` for compressed batches */
  readonly copyOptions?: string
}

/** Writes each batch as an object of a bucket, and has Redshift copy it from there: rows one by one would take it hours. */
export class RedshiftEmitter<Out> implements Emitter<Out> {
  readonly #objects: S3Emitter<Out>

  constructor(clients: { readonly s3: S3Client; readonly sql: SqlClient }, options: RedshiftEmitterOptions<Out>) {
    this.#objects = new S3Emitter(clients.s3, {
      ...options,
      async written(object) {
        await clients.sql.query(copyStatement(object, options))
        await options.written?.(object)
      },
    })
  }

  emit(batch: Batch<Out>, signal: AbortSignal): Promise<readonly Refusal<Out>[]> {
    return this.#objects.emit(batch, signal)
  }
}

function copyStatement<Out>(object: { bucket: string; key: string }, options: RedshiftEmitterOptions<Out>): string {
  const { table, columns, iamRole, compression } = options
  const names = columns ? ` (${columns.map(quotedName).join(', ')})` : ''
  const from = quotedText(`s3://${object.bucket}/${object.key}`)
  const standard = `FORMAT JSON 'auto'${compression === 'gzip' ? ' GZIP' : ''}`
  return `COPY ${quotedName(table)}${names} FROM ${from} IAM_ROLE ${quotedText(iamRole)} ${options.copyOptions ?? standard}`
}
