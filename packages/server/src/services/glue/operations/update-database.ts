import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import { databaseResource, onDatabase } from '../access.ts'
import { checkCatalog } from '../catalog-check.ts'
import type { GlueContext } from '../context.ts'
import { catalogId, databaseInput, name } from '../members.ts'

export const updateDatabase = operation({
  name: 'UpdateDatabase',
  input: structure({ CatalogId: catalogId, Name: name, DatabaseInput: databaseInput }),
  resource: ({ Name }) => databaseResource(Name),
  needs: ({ Name }, context: GlueContext) => onDatabase(context, 'UpdateDatabase', Name),
  async handle(context: GlueContext, input) {
    checkCatalog(context, input)
    await context.tables.updateDatabase(input.Name, input.DatabaseInput)
    return {}
  },
})
