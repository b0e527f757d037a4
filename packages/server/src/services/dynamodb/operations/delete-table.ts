import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import type { DynamoDbContext } from '../context.ts'
import { deletionProtected, tableNotActive } from '../faults.ts'
import { tableName, tableResource } from '../members.ts'
import { statusOf } from '../table.ts'
import { tableView } from '../table-view.ts'

export const deleteTable = operation({
  name: 'DeleteTable',
  audit: { resourceType: 'AWS::DynamoDB::Table' },
  input: structure({ TableName: tableName }),
  resource: tableResource,
  async handle(context: DynamoDbContext, input) {
    const { clock, tables, transitionMs } = context
    const table = await tables.update(input.TableName, (newest) => {
      const nowMs = clock.nowMs()
      const status = statusOf(newest, nowMs)
      if (status === 'DELETING') return newest // AWS answers as the first time
      if (status !== 'ACTIVE') throw tableNotActive(newest.name, status)
      if (newest.isDeletionProtected) throw deletionProtected()
      return { ...newest, goneAtMs: nowMs + transitionMs }
    })
    return { TableDescription: tableView(context, table) }
  },
})
