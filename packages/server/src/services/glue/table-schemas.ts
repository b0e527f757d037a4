import { AwsError } from '../../core/aws-error.ts'
import type { TableSchemas } from '../../core/ports/tables.ts'
import type { GlueContext } from './context.ts'
import { columnsOf } from './table.ts'

/** The store as those see it who only ask for columns. */
export const schemasOf = ({ place, tables }: Pick<GlueContext, 'place' | 'tables'>): TableSchemas => ({
  async find({ catalogId = place.accountId, databaseName, tableName, versionId = 'LATEST' }) {
    if (catalogId !== place.accountId) return undefined
    try {
      const table = await (versionId === 'LATEST'
        ? tables.table(databaseName, tableName)
        : tables.version(databaseName, tableName, versionId))
      return { versionId: `${table.version}`, columns: columnsOf(table) }
    } catch (error) {
      if (error instanceof AwsError && error.code === 'EntityNotFoundException') return undefined
      throw error
    }
  },
})
