import { map } from '../../../core/map-shape.ts'
import { operation } from '../../../core/operation.ts'
import { optional, string, structure } from '../../../core/shapes.ts'
import { databaseResource, onDatabase } from '../access.ts'
import { checkCatalog } from '../catalog-check.ts'
import type { GlueContext } from '../context.ts'
import { catalogId, databaseInput } from '../members.ts'

export const createDatabase = operation({
  name: 'CreateDatabase',
  input: structure({
    CatalogId: catalogId,
    DatabaseInput: databaseInput,
    Tags: optional(map({ min: 1, max: 128 }, string({ min: 0, max: 256 }), { max: 50 })),
  }),
  resource: ({ DatabaseInput }) => databaseResource(DatabaseInput?.Name),
  needs: ({ DatabaseInput }, context: GlueContext) => onDatabase(context, 'CreateDatabase', DatabaseInput?.Name),
  async handle(context: GlueContext, input) {
    checkCatalog(context, input)
    await context.tables.createDatabase(input.DatabaseInput)
    return {}
  },
})
