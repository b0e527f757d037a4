import { operation } from '../../../core/operation.ts'
import { list, structure } from '../../../core/shapes.ts'
import { onTables, tableResource } from '../access.ts'
import { checkCatalog } from '../catalog-check.ts'
import type { GlueContext } from '../context.ts'
import { errorDetails } from '../error-details.ts'
import { catalogId, name, versionId } from '../members.ts'

export const batchDeleteTableVersion = operation({
  name: 'BatchDeleteTableVersion',
  input: structure({
    CatalogId: catalogId,
    DatabaseName: name,
    TableName: name,
    VersionIds: list(versionId, { max: 100 }),
  }),
  resource: ({ DatabaseName, TableName }) => tableResource(DatabaseName, TableName),
  needs: ({ DatabaseName, TableName }, context: GlueContext) =>
    onTables(context, 'BatchDeleteTableVersion', DatabaseName, TableName),
  async handle(context: GlueContext, { DatabaseName, TableName, VersionIds, ...input }) {
    checkCatalog(context, input)
    await context.tables.table(DatabaseName, TableName)
    const failed = await errorDetails(VersionIds, (version) =>
      context.tables.deleteVersion(DatabaseName, TableName, version),
    )
    return { Errors: failed.map(({ of: VersionId, ErrorDetail }) => ({ TableName, VersionId, ErrorDetail })) }
  },
})
