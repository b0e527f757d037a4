import { operation } from '../../../core/operation.ts'
import { boolean, integer, optional, structure } from '../../../core/shapes.ts'
import type { DynamoDbContext } from '../context.ts'
import { checkTableIsThere, continuousBackupsView } from '../continuous-backups.ts'
import { tableName, tableResource } from '../members.ts'

const daysMax = 35

export const updateContinuousBackups = operation({
  name: 'UpdateContinuousBackups',
  audit: { resourceType: 'AWS::DynamoDB::Table' },
  input: structure({
    TableName: tableName,
    PointInTimeRecoverySpecification: structure({
      PointInTimeRecoveryEnabled: boolean(),
      RecoveryPeriodInDays: optional(integer({ min: 1, max: daysMax })),
    }),
  }),
  resource: tableResource,
  async handle(context: DynamoDbContext, input) {
    const { PointInTimeRecoveryEnabled: isEnabled, RecoveryPeriodInDays: days = daysMax } =
      input.PointInTimeRecoverySpecification
    checkTableIsThere(context, input.TableName)
    const changed = await context.tables.update(input.TableName, (table) => {
      const enabledAtMs = table.pointInTimeRecovery?.enabledAtMs ?? context.clock.nowMs()
      return { ...table, pointInTimeRecovery: isEnabled ? { enabledAtMs, days } : undefined }
    })
    return continuousBackupsView(context, changed)
  },
})
