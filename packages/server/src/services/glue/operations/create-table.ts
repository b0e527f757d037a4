import { operation } from '../../../core/operation.ts'
import { list, optional, structure } from '../../../core/shapes.ts'
import { onTables, tableResource } from '../access.ts'
import { checkCatalog } from '../catalog-check.ts'
import type { GlueContext } from '../context.ts'
import { invalidInput } from '../faults.ts'
import { catalogId, name, tableInput } from '../members.ts'

export const createTable = operation({
  name: 'CreateTable',
  input: structure({
    CatalogId: catalogId,
    DatabaseName: name,
    TableInput: optional(tableInput),
    PartitionIndexes: optional(list(structure({ Keys: list(name, { min: 1 }), IndexName: name }))),
    OpenTableFormatInput: optional(structure({})),
  }),
  resource: ({ DatabaseName, TableInput }) => tableResource(DatabaseName, TableInput?.Name),
  needs: ({ DatabaseName, TableInput }, context: GlueContext) =>
    onTables(context, 'CreateTable', DatabaseName, TableInput?.Name),
  async handle(context: GlueContext, { DatabaseName, ...input }) {
    checkCatalog(context, input)
    if (input.OpenTableFormatInput) throw invalidInput('Millrace keeps no Iceberg tables. See docs/glue.md.')
    if (!input.TableInput) throw invalidInput('TableInput must be given.')
    await context.tables.createTable(DatabaseName, input.TableInput)
    return {}
  },
})
