import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import type { DynamoDbContext } from '../context.ts'
import { checkTableIsThere, continuousBackupsView } from '../continuous-backups.ts'
import { tableName, tableResource } from '../members.ts'

export const describeContinuousBackups = operation({
  name: 'DescribeContinuousBackups',
  audit: { resourceType: 'AWS::DynamoDB::Table' },
  input: structure({ TableName: tableName }),
  resource: tableResource,
  async handle(context: DynamoDbContext, input) {
    checkTableIsThere(context, input.TableName)
    return continuousBackupsView(context, context.tables.get(input.TableName))
  },
})
