import type { Loader, Staged } from './loader.ts'
import type { SqlConnection } from './sql-connection.ts'
import { failureOfSql } from './sql-faults.ts'
import { quotedName, quotedText } from './sql-name.ts'

export type RedshiftLoaderOptions = {
  readonly table: readonly string[]
  readonly columns: readonly string[]
  readonly roleArn: string
  /** As they were read and written again. */
  readonly copyOptions: string
}

/** Redshift: it reads the bucket itself. */
export class RedshiftLoader implements Loader {
  readonly #connect: (signal: AbortSignal) => Promise<SqlConnection>
  readonly #options: RedshiftLoaderOptions

  constructor(connect: (signal: AbortSignal) => Promise<SqlConnection>, options: RedshiftLoaderOptions) {
    this.#connect = connect
    this.#options = options
  }

  async load({ manifestUrl }: Staged, signal: AbortSignal): Promise<void> {
    let sql: SqlConnection | undefined
    try {
      sql = await this.#connect(signal)
      await sql.query(copyStatement(manifestUrl, this.#options))
    } catch (error) {
      signal.throwIfAborted()
      throw failureOfSql(error)
    } finally {
      sql?.close()
    }
  }
}

/** As the guide shows it: one manifest, the role's credentials, and then what the user wants. */
export function copyStatement(
  manifestUrl: string,
  { columns, copyOptions, roleArn, table }: RedshiftLoaderOptions,
): string {
  const names = columns.length > 0 ? ` (${columns.map((name) => quotedName([name])).join(', ')})` : ''
  const credentials = quotedText(`aws_iam_role=${roleArn}`)
  const from = `FROM ${quotedText(manifestUrl)} CREDENTIALS ${credentials} MANIFEST`
  return `COPY ${quotedName(table)}${names} ${from} ${copyOptions}`.trimEnd()
}
