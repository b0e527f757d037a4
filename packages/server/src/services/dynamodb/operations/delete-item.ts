import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import { needOnItems } from '../access.ts'
import { soundItem } from '../attribute-value.ts'
import type { DynamoDbContext } from '../context.ts'
import { keyOf } from '../item-key.ts'
import { checkReturnsOld, returnedAttributes, writeAnswer } from '../item-writes.ts'
import * as members from '../members.ts'
import { checkMix } from '../parameter-mix.ts'
import { Placeholders } from '../placeholders.ts'
import { checkHolds, readWriteCondition } from '../write-condition.ts'

export const deleteItem = operation({
  name: 'DeleteItem',
  audit: { event: 'data', resourceType: 'AWS::DynamoDB::Table' },
  input: structure({
    TableName: members.tableName,
    Key: members.item,
    ...members.writeMembers,
  }),
  resource: members.tableResource,
  needs: (input, context: DynamoDbContext) => [needOnItems(context, 'DeleteItem', input)],
  async handle({ tables, items }: DynamoDbContext, input) {
    const { ReturnValues: asked = 'NONE' } = input
    checkMix(
      { Expected: input.Expected, ConditionalOperator: input.ConditionalOperator },
      { ConditionExpression: input.ConditionExpression },
      input,
    )
    const key = soundItem(input.Key)
    checkReturnsOld(asked)
    const placeholders = new Placeholders(input)
    const condition = readWriteCondition(input, placeholders)
    placeholders.checkUsed()
    const table = tables.usable(input.TableName)
    const changed = await items.change(table, keyOf(table, key), (before) => {
      checkHolds(condition, before, input)
      return undefined
    })
    return writeAnswer(table, changed, returnedAttributes(asked, changed), input.ReturnConsumedCapacity)
  },
})
