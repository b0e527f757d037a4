import { operation } from '../../../core/operation.ts'
import { boolean, enumeration, list, optional, string, structure, timestamp } from '../../../core/shapes.ts'
import { onTables, tableResource } from '../access.ts'
import { checkCatalog } from '../catalog-check.ts'
import type { GlueContext } from '../context.ts'
import { catalogId, name } from '../members.ts'
import { tableView } from '../table.ts'

export const getTable = operation({
  name: 'GetTable',
  input: structure({
    CatalogId: catalogId,
    DatabaseName: name,
    Name: name,
    TransactionId: optional(string({ min: 1, max: 255 })),
    QueryAsOfTime: optional(timestamp()),
    IncludeStatusDetails: optional(boolean()),
    AttributesToGet: optional(list(enumeration('NAME', 'TABLE_TYPE', 'DEFAULT', 'LATEST_ICEBERG_METADATA'))),
  }),
  resource: ({ DatabaseName, Name }) => tableResource(DatabaseName, Name),
  needs: ({ DatabaseName, Name }, context: GlueContext) => onTables(context, 'GetTable', DatabaseName, Name),
  async handle(context: GlueContext, input) {
    checkCatalog(context, input)
    const { input: database } = await context.tables.database(input.DatabaseName)
    return {
      Table: tableView(database.Name, await context.tables.table(database.Name, input.Name), context.place),
    }
  },
})
