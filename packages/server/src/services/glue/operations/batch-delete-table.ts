import { operation } from '../../../core/operation.ts'
import { list, structure } from '../../../core/shapes.ts'
import { databaseResource, onTables } from '../access.ts'
import { checkCatalog } from '../catalog-check.ts'
import type { GlueContext } from '../context.ts'
import { errorDetails } from '../error-details.ts'
import { catalogId, name } from '../members.ts'

export const batchDeleteTable = operation({
  name: 'BatchDeleteTable',
  input: structure({ CatalogId: catalogId, DatabaseName: name, TablesToDelete: list(name, { max: 100 }) }),
  resource: ({ DatabaseName }) => databaseResource(DatabaseName),
  needs: ({ DatabaseName, TablesToDelete }, context: GlueContext) =>
    onTables(context, 'BatchDeleteTable', DatabaseName, ...TablesToDelete),
  async handle(context: GlueContext, { DatabaseName, TablesToDelete, ...input }) {
    checkCatalog(context, input)
    await context.tables.database(DatabaseName)
    const failed = await errorDetails(TablesToDelete, (table) => context.tables.deleteTable(DatabaseName, table))
    return { Errors: failed.map(({ of: TableName, ErrorDetail }) => ({ TableName, ErrorDetail })) }
  },
})
