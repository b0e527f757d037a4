import { operation } from '../../../core/operation.ts'
import { integer, optional, string, structure } from '../../../core/shapes.ts'
import { onTables, tableResource } from '../access.ts'
import { checkCatalog } from '../catalog-check.ts'
import type { GlueContext } from '../context.ts'
import { catalogId, name } from '../members.ts'

/** None: Firehose writes files, and whoever queries them adds the partitions. */
export const getPartitions = operation({
  name: 'GetPartitions',
  input: structure({
    CatalogId: catalogId,
    DatabaseName: name,
    TableName: name,
    Expression: optional(string({ min: 0, max: 2048 })),
    NextToken: optional(string()),
    MaxResults: optional(integer({ min: 1, max: 1000 })),
  }),
  resource: ({ DatabaseName, TableName }) => tableResource(DatabaseName, TableName),
  needs: ({ DatabaseName, TableName }, context: GlueContext) =>
    onTables(context, 'GetPartitions', DatabaseName, TableName),
  async handle(context: GlueContext, input) {
    checkCatalog(context, input)
    await context.tables.table(input.DatabaseName, input.TableName)
    return { Partitions: [] }
  },
})
