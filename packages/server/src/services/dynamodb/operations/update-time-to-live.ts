import { validationError } from '../../../core/aws-error.ts'
import { operation } from '../../../core/operation.ts'
import { boolean, string, structure } from '../../../core/shapes.ts'
import type { DynamoDbContext } from '../context.ts'
import { tableName, tableResource } from '../members.ts'

export const updateTimeToLive = operation({
  name: 'UpdateTimeToLive',
  audit: { resourceType: 'AWS::DynamoDB::Table' },
  input: structure({
    TableName: tableName,
    TimeToLiveSpecification: structure({ Enabled: boolean(), AttributeName: string({ min: 1, max: 255 }) }),
  }),
  resource: tableResource,
  async handle({ clock, tables, transitionMs }: DynamoDbContext, { TableName, TimeToLiveSpecification: asked }) {
    await tables.update(TableName, (table) => {
      const { isEnabled = false, attribute } = table.timeToLive ?? {}
      if (asked.Enabled === isEnabled)
        throw validationError(`TimeToLive is already ${isEnabled ? 'enabled' : 'disabled'}`)
      if (isEnabled && attribute !== asked.AttributeName)
        throw validationError(
          `TimeToLive is active on a different AttributeName: current AttributeName is ${attribute}`,
        )
      const changedAtMs = clock.nowMs() + transitionMs
      return { ...table, timeToLive: { attribute: asked.AttributeName, isEnabled: asked.Enabled, changedAtMs } }
    })
    return { TimeToLiveSpecification: asked }
  },
})
