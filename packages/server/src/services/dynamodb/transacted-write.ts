import { validationError } from '../../core/aws-error.ts'
import { list, optional, string, structure, type ValueOf } from '../../core/shapes.ts'
import { type Item, soundItem } from './attribute-value.ts'
import type { Condition } from './condition.ts'
import { parseCondition } from './condition-parser.ts'
import type { DynamoDbContext } from './context.ts'
import { type ItemKey, keyOf } from './item-key.ts'
import { checkKeyIsKept, placeOfPut, soundPut, updated } from './item-writes.ts'
import * as members from './members.ts'
import { Placeholders } from './placeholders.ts'
import type { Table } from './table.ts'
import { transactionItemsMax } from './transaction.ts'
import { parseUpdate } from './update-parser.ts'
import { checkHolds } from './write-condition.ts'

/* One item of a TransactWriteItems. */

const conditionMembers = {
  ReturnValuesOnConditionCheckFailure: members.returnValuesOnFailure,
  ...members.placeholderMembers,
}

const conditionCheck = structure({
  TableName: members.tableName,
  Key: members.item,
  ConditionExpression: string(),
  ...conditionMembers,
})
const put = structure({
  TableName: members.tableName,
  Item: members.item,
  ConditionExpression: optional(string()),
  ...conditionMembers,
})
const remove = structure({
  TableName: members.tableName,
  Key: members.item,
  ConditionExpression: optional(string()),
  ...conditionMembers,
})
const update = structure({
  TableName: members.tableName,
  Key: members.item,
  UpdateExpression: string(),
  ConditionExpression: optional(string()),
  ...conditionMembers,
})

export const transactedWrites = list(
  structure({
    ConditionCheck: optional(conditionCheck),
    Put: optional(put),
    Delete: optional(remove),
    Update: optional(update),
  }),
  { min: 1, max: transactionItemsMax },
)

type WriteInput = ValueOf<typeof transactedWrites>[number]

/** One item, and what shall become of it. */
export type TransactedWrite = {
  readonly table: Table
  readonly key: ItemKey
  /** What is there → what shall be. @throws ConditionalCheckFailedException, ValidationException */
  readonly decide: (before: Item | undefined) => Item | undefined
}

/** @throws ValidationException, ResourceNotFoundException */
export function transactedWrite({ tables }: DynamoDbContext, input: WriteInput): TransactedWrite {
  const { ConditionCheck: check, Put, Delete, Update } = input
  if ([check, Put, Delete, Update].filter((each) => each !== undefined).length !== 1)
    throw validationError('TransactItems can only contain one of Check, Put, Update or Delete')
  const given = (check ?? Put ?? Delete ?? Update)!
  const placeholders = new Placeholders(given)
  const actions = Update && parseUpdate(Update.UpdateExpression, placeholders)
  const condition: Condition | undefined =
    given.ConditionExpression === undefined
      ? undefined
      : parseCondition('ConditionExpression', given.ConditionExpression, placeholders)
  placeholders.checkUsed()
  const item = Put && soundPut(Put.Item)
  const key = soundItem((check ?? Delete ?? Update)?.Key ?? {})
  const table = tables.usable(given.TableName)
  if (actions) checkKeyIsKept(table, actions)
  return {
    table,
    key: item ? placeOfPut(table, item) : keyOf(table, key),
    decide(before) {
      checkHolds(condition, before, given)
      if (check) return before
      if (actions) return updated(table, key, actions, before)
      return item
    },
  }
}
