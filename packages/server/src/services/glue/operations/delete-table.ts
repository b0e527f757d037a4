import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import { onTables, tableResource } from '../access.ts'
import { checkCatalog } from '../catalog-check.ts'
import type { GlueContext } from '../context.ts'
import { catalogId, name } from '../members.ts'

export const deleteTable = operation({
  name: 'DeleteTable',
  input: structure({ CatalogId: catalogId, DatabaseName: name, Name: name }),
  resource: ({ DatabaseName, Name }) => tableResource(DatabaseName, Name),
  needs: ({ DatabaseName, Name }, context: GlueContext) => onTables(context, 'DeleteTable', DatabaseName, Name),
  async handle(context: GlueContext, input) {
    checkCatalog(context, input)
    await context.tables.deleteTable(input.DatabaseName, input.Name)
    return {}
  },
})
