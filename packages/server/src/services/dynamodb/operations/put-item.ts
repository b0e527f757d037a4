import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import { needOnItems } from '../access.ts'
import type { DynamoDbContext } from '../context.ts'
import { checkReturnsOld, placeOfPut, returnedAttributes, soundPut, writeAnswer } from '../item-writes.ts'
import * as members from '../members.ts'
import { checkMix } from '../parameter-mix.ts'
import { Placeholders } from '../placeholders.ts'
import { checkHolds, readWriteCondition } from '../write-condition.ts'

export const putItem = operation({
  name: 'PutItem',
  audit: { event: 'data', resourceType: 'AWS::DynamoDB::Table' },
  input: structure({
    TableName: members.tableName,
    Item: members.item,
    ...members.writeMembers,
  }),
  resource: members.tableResource,
  needs: (input, context: DynamoDbContext) => [needOnItems(context, 'PutItem', input)],
  async handle({ tables, items }: DynamoDbContext, input) {
    const { ReturnValues: asked = 'NONE' } = input
    checkMix(
      { Expected: input.Expected, ConditionalOperator: input.ConditionalOperator },
      { ConditionExpression: input.ConditionExpression },
      input,
    )
    const item = soundPut(input.Item)
    checkReturnsOld(asked)
    const placeholders = new Placeholders(input)
    const condition = readWriteCondition(input, placeholders)
    placeholders.checkUsed()
    const table = tables.usable(input.TableName)
    const changed = await items.change(table, placeOfPut(table, item), (before) => {
      checkHolds(condition, before, input)
      return item
    })
    return writeAnswer(table, changed, returnedAttributes(asked, changed), input.ReturnConsumedCapacity)
  },
})
