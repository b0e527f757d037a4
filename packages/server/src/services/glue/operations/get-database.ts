import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import { databaseResource, onDatabase } from '../access.ts'
import { checkCatalog } from '../catalog-check.ts'
import type { GlueContext } from '../context.ts'
import { catalogId, name } from '../members.ts'
import { databaseView } from '../table.ts'

export const getDatabase = operation({
  name: 'GetDatabase',
  input: structure({ CatalogId: catalogId, Name: name }),
  resource: ({ Name }) => databaseResource(Name),
  needs: ({ Name }, context: GlueContext) => onDatabase(context, 'GetDatabase', Name),
  async handle(context: GlueContext, input) {
    checkCatalog(context, input)
    return { Database: databaseView(await context.tables.database(input.Name), context.place) }
  },
})
