import { operation } from '../../../core/operation.ts'
import { list, string, structure } from '../../../core/shapes.ts'
import { onTables, tableResource } from '../access.ts'
import { checkCatalog } from '../catalog-check.ts'
import type { GlueContext } from '../context.ts'
import { partitionNotFound } from '../faults.ts'
import { catalogId, name } from '../members.ts'

/** There are none; see GetPartitions. */
export const getPartition = operation({
  name: 'GetPartition',
  input: structure({
    CatalogId: catalogId,
    DatabaseName: name,
    TableName: name,
    PartitionValues: list(string({ min: 1, max: 1024 })),
  }),
  resource: ({ DatabaseName, TableName }) => tableResource(DatabaseName, TableName),
  needs: ({ DatabaseName, TableName }, context: GlueContext) =>
    onTables(context, 'GetPartition', DatabaseName, TableName),
  async handle(context: GlueContext, input) {
    checkCatalog(context, input)
    await context.tables.table(input.DatabaseName, input.TableName)
    throw partitionNotFound()
  },
})
