import { operation } from '../../../core/operation.ts'
import { optional, string, structure } from '../../../core/shapes.ts'
import { onTables, tableResource } from '../access.ts'
import { checkCatalog } from '../catalog-check.ts'
import type { GlueContext } from '../context.ts'
import { catalogId, name, pageSize } from '../members.ts'
import { pageOf } from '../pages.ts'
import { tableView } from '../table.ts'

export const getTableVersions = operation({
  name: 'GetTableVersions',
  input: structure({
    CatalogId: catalogId,
    DatabaseName: name,
    TableName: name,
    NextToken: optional(string()),
    MaxResults: pageSize,
  }),
  resource: ({ DatabaseName, TableName }) => tableResource(DatabaseName, TableName),
  needs: ({ DatabaseName, TableName }, context: GlueContext) =>
    onTables(context, 'GetTableVersions', DatabaseName, TableName),
  async handle(context: GlueContext, input) {
    checkCatalog(context, input)
    const { input: database } = await context.tables.database(input.DatabaseName)
    const versions = await context.tables.versions(database.Name, input.TableName)
    const { items, next } = pageOf(versions, input.NextToken, input.MaxResults)
    const views = items.map((table) => ({
      Table: tableView(database.Name, table, context.place),
      VersionId: `${table.version}`,
    }))
    return { TableVersions: views, NextToken: next }
  },
})
