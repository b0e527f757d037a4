import { operation } from '../../../core/operation.ts'
import { enumeration, optional, string, structure } from '../../../core/shapes.ts'
import { needOnItems } from '../access.ts'
import { soundItem } from '../attribute-value.ts'
import type { DynamoDbContext } from '../context.ts'
import { keyOf } from '../item-key.ts'
import { checkKeyIsKept, returnedAttributes, updated, writeAnswer } from '../item-writes.ts'
import { type AttributeUpdate, attributeUpdates } from '../legacy-update.ts'
import * as members from '../members.ts'
import { checkMix } from '../parameter-mix.ts'
import { Placeholders } from '../placeholders.ts'
import type { Update } from '../update.ts'
import { parseUpdate } from '../update-parser.ts'
import { checkHolds, readWriteCondition } from '../write-condition.ts'

const attributeUpdate = structure({
  Value: optional(members.attributeValue),
  Action: optional(enumeration('ADD', 'DELETE', 'PUT')),
})

export const updateItem = operation({
  name: 'UpdateItem',
  audit: { event: 'data', resourceType: 'AWS::DynamoDB::Table' },
  input: structure({
    TableName: members.tableName,
    Key: members.item,
    AttributeUpdates: optional(members.mapOf(attributeUpdate)),
    UpdateExpression: optional(string()),
    ...members.writeMembers,
  }),
  resource: members.tableResource,
  needs: (input, context: DynamoDbContext) => [needOnItems(context, 'UpdateItem', input)],
  async handle({ tables, items }: DynamoDbContext, input) {
    const { ReturnValues: asked = 'NONE' } = input
    checkMix(
      {
        AttributeUpdates: input.AttributeUpdates,
        Expected: input.Expected,
        ConditionalOperator: input.ConditionalOperator,
      },
      { UpdateExpression: input.UpdateExpression, ConditionExpression: input.ConditionExpression },
      input,
    )
    const key = soundItem(input.Key)
    const placeholders = new Placeholders(input)
    const update = readUpdate(input, placeholders)
    const condition = readWriteCondition(input, placeholders)
    placeholders.checkUsed()
    const table = tables.usable(input.TableName)
    const place = keyOf(table, key)
    checkKeyIsKept(table, update)
    const changed = await items.change(table, place, (before) => {
      checkHolds(condition, before, input)
      return updated(table, key, update, before)
    })
    const paths = update.map(({ path }) => path)
    return writeAnswer(table, changed, returnedAttributes(asked, changed, paths), input.ReturnConsumedCapacity)
  },
})

type UpdateInput = {
  readonly AttributeUpdates?: ReadonlyMap<string, AttributeUpdate> | undefined
  readonly UpdateExpression?: string | undefined
}

function readUpdate({ AttributeUpdates, UpdateExpression }: UpdateInput, placeholders: Placeholders): Update {
  if (AttributeUpdates) return attributeUpdates(AttributeUpdates)
  return UpdateExpression === undefined ? [] : parseUpdate(UpdateExpression, placeholders)
}
