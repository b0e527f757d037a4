import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import { onTables, tableResource } from '../access.ts'
import { checkCatalog } from '../catalog-check.ts'
import type { GlueContext } from '../context.ts'
import { catalogId, name, versionId } from '../members.ts'

export const deleteTableVersion = operation({
  name: 'DeleteTableVersion',
  input: structure({ CatalogId: catalogId, DatabaseName: name, TableName: name, VersionId: versionId }),
  resource: ({ DatabaseName, TableName }) => tableResource(DatabaseName, TableName),
  needs: ({ DatabaseName, TableName }, context: GlueContext) =>
    onTables(context, 'DeleteTableVersion', DatabaseName, TableName),
  async handle(context: GlueContext, input) {
    checkCatalog(context, input)
    await context.tables.deleteVersion(input.DatabaseName, input.TableName, input.VersionId)
    return {}
  },
})
