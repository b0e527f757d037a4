import { operation } from '../../../core/operation.ts'
import { enumeration, list, optional, string, structure } from '../../../core/shapes.ts'
import { databaseResource, onTables } from '../access.ts'
import { checkCatalog } from '../catalog-check.ts'
import type { GlueContext } from '../context.ts'
import { catalogId, name, pageSize } from '../members.ts'
import { matchesPattern } from '../name-pattern.ts'
import { pageOf } from '../pages.ts'
import { tableView } from '../table.ts'

export const getTables = operation({
  name: 'GetTables',
  input: structure({
    CatalogId: catalogId,
    DatabaseName: name,
    Expression: optional(string({ min: 0, max: 2048 })),
    NextToken: optional(string()),
    MaxResults: pageSize,
    AttributesToGet: optional(list(enumeration('NAME', 'TABLE_TYPE', 'DEFAULT', 'LATEST_ICEBERG_METADATA'))),
  }),
  resource: ({ DatabaseName }) => databaseResource(DatabaseName),
  needs: ({ DatabaseName }, context: GlueContext) => onTables(context, 'GetTables', DatabaseName, '*'),
  async handle(context: GlueContext, input) {
    checkCatalog(context, input)
    const { input: database } = await context.tables.database(input.DatabaseName)
    const tables = await context.tables.tables(database.Name)
    const { Expression: pattern } = input
    const wanted = pattern ? tables.filter((table) => matchesPattern(table.input.Name, pattern)) : tables
    const { items, next } = pageOf(wanted, input.NextToken, input.MaxResults)
    return { TableList: items.map((table) => tableView(database.Name, table, context.place)), NextToken: next }
  },
})
