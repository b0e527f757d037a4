import { operation } from '../../../core/operation.ts'
import { optional, structure } from '../../../core/shapes.ts'
import { onTables, tableResource } from '../access.ts'
import { checkCatalog } from '../catalog-check.ts'
import type { GlueContext } from '../context.ts'
import { catalogId, name, versionId } from '../members.ts'
import { tableView } from '../table.ts'

export const getTableVersion = operation({
  name: 'GetTableVersion',
  input: structure({ CatalogId: catalogId, DatabaseName: name, TableName: name, VersionId: optional(versionId) }),
  resource: ({ DatabaseName, TableName }) => tableResource(DatabaseName, TableName),
  needs: ({ DatabaseName, TableName }, context: GlueContext) =>
    onTables(context, 'GetTableVersion', DatabaseName, TableName),
  async handle(context: GlueContext, input) {
    checkCatalog(context, input)
    const { input: database } = await context.tables.database(input.DatabaseName)
    const table = await (input.VersionId === undefined
      ? context.tables.table(database.Name, input.TableName)
      : context.tables.version(database.Name, input.TableName, input.VersionId))
    return {
      TableVersion: { Table: tableView(database.Name, table, context.place), VersionId: `${table.version}` },
    }
  },
})
