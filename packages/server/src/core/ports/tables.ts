/** A table of a data catalog, by AWS Glue's names. */
export type TableQuery = {
  /** An account. @default the server's own */
  readonly catalogId?: string | undefined
  readonly databaseName: string
  readonly tableName: string
  /** @default 'LATEST' */
  readonly versionId?: string | undefined
}

/** What stands in a table's files; types as Hive writes them. */
export type TableSchema = {
  readonly versionId: string
  readonly columns: readonly { readonly name: string; readonly type: string }[]
}

/** Tells what tables look like to those who write their files. */
export interface TableSchemas {
  /** As it is now; undefined if there is no such table, or no such version of it. @throws AwsError if it cannot be read */
  find(table: TableQuery): Promise<TableSchema | undefined>
}
