import type { Place } from '../../core/arn.ts'
import type { ValueOf } from '../../core/shapes.ts'
import type { Json } from '../../storage/catalog.ts'
import type { databaseInput, tableInput } from './members.ts'

export type TableInput = ValueOf<typeof tableInput>
export type DatabaseInput = ValueOf<typeof databaseInput>

/** As JSON has them: maps are objects, times are texts. */
type Kept = { readonly Name: string; readonly [member: string]: Json }

export type KeptDatabase = { readonly input: Kept; readonly createdMs: number }

export type KeptTable = {
  readonly input: Kept
  readonly createdMs: number
  readonly updatedMs: number
  /** Rises with each UpdateTable, from 0. */
  readonly version: number
}

/** For Hive's sake, names are kept in small letters [docs]. */
export const nameOf = (given: string) => given.toLowerCase()

export const keptInput = (input: TableInput | DatabaseInput): Kept => ({
  ...(JSON.parse(
    JSON.stringify(input, (_, value: unknown) => (value instanceof Map ? Object.fromEntries(value) : value)),
  ) as Kept),
  Name: nameOf(input.Name),
})

export const databaseView = ({ input, createdMs }: KeptDatabase, { accountId }: Place) => ({
  ...input,
  CreateTime: new Date(createdMs),
  CatalogId: accountId,
})

export const tableView = (databaseName: string, table: KeptTable, { accountId }: Place) => ({
  ...table.input,
  DatabaseName: databaseName,
  CreateTime: new Date(table.createdMs),
  UpdateTime: new Date(table.updatedMs),
  LastAccessTime: timeOf(table.input.LastAccessTime),
  LastAnalyzedTime: timeOf(table.input.LastAnalyzedTime),
  Retention: table.input.Retention ?? 0,
  CreatedBy: `arn:aws:iam::${accountId}:root`,
  IsRegisteredWithLakeFormation: false,
  CatalogId: accountId,
  VersionId: `${table.version}`,
})

const timeOf = (text: Json | undefined) => (typeof text === 'string' ? new Date(text) : undefined)

/** The columns that stand in a table's files: those that it is partitioned by do not. */
export function columnsOf({ input }: KeptTable): { readonly name: string; readonly type: string }[] {
  const { Columns = [] } = (input.StorageDescriptor ?? {}) as { readonly Columns?: readonly Kept[] }
  return Columns.map(({ Name, Type }) => ({ name: Name, type: typeof Type === 'string' ? Type : 'string' }))
}
