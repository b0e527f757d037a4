import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import type { DynamoDbContext } from '../context.ts'
import { tableName, tableResource } from '../members.ts'
import { tableView } from '../table-view.ts'

export const describeTable = operation({
  name: 'DescribeTable',
  audit: { resourceType: 'AWS::DynamoDB::Table' },
  input: structure({ TableName: tableName }),
  resource: tableResource,
  async handle(context: DynamoDbContext, input) {
    return { Table: tableView(context, context.tables.get(input.TableName)) }
  },
})
