import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import type { DynamoDbContext } from '../context.ts'
import { tableName, tableResource } from '../members.ts'
import type { TimeToLive } from '../table.ts'

export const describeTimeToLive = operation({
  name: 'DescribeTimeToLive',
  audit: { resourceType: 'AWS::DynamoDB::Table' },
  input: structure({ TableName: tableName }),
  resource: tableResource,
  async handle({ clock, tables }: DynamoDbContext, input) {
    return { TimeToLiveDescription: view(tables.get(input.TableName).timeToLive, clock.nowMs()) }
  },
})

function view(timeToLive: TimeToLive | undefined, nowMs: number) {
  if (!timeToLive) return { TimeToLiveStatus: 'DISABLED' }
  const { attribute, isEnabled, changedAtMs } = timeToLive
  const isChanging = nowMs < changedAtMs
  if (!isEnabled && !isChanging) return { TimeToLiveStatus: 'DISABLED' }
  const status = isEnabled ? (isChanging ? 'ENABLING' : 'ENABLED') : 'DISABLING'
  return { TimeToLiveStatus: status, AttributeName: attribute }
}
