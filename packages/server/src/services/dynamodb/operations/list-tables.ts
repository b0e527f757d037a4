import { operation } from '../../../core/operation.ts'
import { integer, optional, structure } from '../../../core/shapes.ts'
import type { DynamoDbContext } from '../context.ts'
import { tableName } from '../members.ts'

/** The largest page; also the default. */
const pageMax = 100

export const listTables = operation({
  name: 'ListTables',
  input: structure({
    ExclusiveStartTableName: optional(tableName),
    Limit: optional(integer({ min: 1, max: pageMax })),
  }),
  resource: () => 'table/*',
  async handle({ tables }: DynamoDbContext, input) {
    const after = input.ExclusiveStartTableName ?? ''
    const left = tables
      .all()
      .map(({ name }) => name)
      .filter((name) => name > after)
    const TableNames = left.slice(0, input.Limit ?? pageMax)
    return { TableNames, LastEvaluatedTableName: TableNames.length < left.length ? TableNames.at(-1) : undefined }
  },
})
