import { operation } from '../../../core/operation.ts'
import { boolean, optional, structure } from '../../../core/shapes.ts'
import { onTables, tableResource } from '../access.ts'
import { checkCatalog } from '../catalog-check.ts'
import type { GlueContext } from '../context.ts'
import { invalidInput } from '../faults.ts'
import { catalogId, name, tableInput, versionId } from '../members.ts'

export const updateTable = operation({
  name: 'UpdateTable',
  input: structure({
    CatalogId: catalogId,
    DatabaseName: name,
    TableInput: optional(tableInput),
    SkipArchive: optional(boolean()),
    VersionId: optional(versionId),
    UpdateOpenTableFormatInput: optional(structure({})),
  }),
  resource: ({ DatabaseName, TableInput }) => tableResource(DatabaseName, TableInput?.Name),
  needs: ({ DatabaseName, TableInput }, context: GlueContext) =>
    onTables(context, 'UpdateTable', DatabaseName, TableInput?.Name),
  async handle(context: GlueContext, { DatabaseName, TableInput, ...input }) {
    checkCatalog(context, input)
    if (input.UpdateOpenTableFormatInput) throw invalidInput('Millrace keeps no Iceberg tables. See docs/glue.md.')
    if (!TableInput) throw invalidInput('TableInput must be given.')
    const { SkipArchive: skipArchive = false, VersionId: expectedVersion } = input
    await context.tables.updateTable(DatabaseName, TableInput, { skipArchive, expectedVersion })
    return {}
  },
})
