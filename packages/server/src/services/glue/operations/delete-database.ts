import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import { databaseResource, onTables } from '../access.ts'
import { checkCatalog } from '../catalog-check.ts'
import type { GlueContext } from '../context.ts'
import { catalogId, name } from '../members.ts'

export const deleteDatabase = operation({
  name: 'DeleteDatabase',
  input: structure({ CatalogId: catalogId, Name: name }),
  resource: ({ Name }) => databaseResource(Name),
  needs: ({ Name }, context: GlueContext) => onTables(context, 'DeleteDatabase', Name, '*'),
  async handle(context: GlueContext, input) {
    checkCatalog(context, input)
    await context.tables.deleteDatabase(input.Name)
    return {}
  },
})
