import { operation } from '../../../core/operation.ts'
import { optional, string, structure } from '../../../core/shapes.ts'
import { onTables, tableResource } from '../access.ts'
import { checkCatalog } from '../catalog-check.ts'
import type { GlueContext } from '../context.ts'
import { catalogId, name } from '../members.ts'

/** None. Terraform asks for them whenever it looks at a table. */
export const getPartitionIndexes = operation({
  name: 'GetPartitionIndexes',
  input: structure({
    CatalogId: catalogId,
    DatabaseName: name,
    TableName: name,
    NextToken: optional(string()),
  }),
  resource: ({ DatabaseName, TableName }) => tableResource(DatabaseName, TableName),
  needs: ({ DatabaseName, TableName }, context: GlueContext) =>
    onTables(context, 'GetPartitionIndexes', DatabaseName, TableName),
  async handle(context: GlueContext, input) {
    checkCatalog(context, input)
    await context.tables.table(input.DatabaseName, input.TableName)
    return { PartitionIndexDescriptorList: [] }
  },
})
