import type { AttributeValue, Item } from './attribute-value.ts'
import { type Condition, holds } from './condition.ts'
import { parseCondition } from './condition-parser.ts'
import { conditionFailed } from './faults.ts'
import {
  type ConditionalOperator,
  checkNoOperator,
  type ExpectedAttribute,
  expectedCondition,
} from './legacy-condition.ts'
import type { Placeholders } from './placeholders.ts'

/** How a write says under which condition, as its input has it. */
export type ConditionInput = {
  readonly Expected?: ReadonlyMap<string, ExpectedAttribute> | undefined
  readonly ConditionalOperator?: ConditionalOperator | undefined
  readonly ConditionExpression?: string | undefined
  readonly ReturnValuesOnConditionCheckFailure?: 'ALL_OLD' | 'NONE' | undefined
  readonly ExpressionAttributeNames?: ReadonlyMap<string, string> | undefined
  readonly ExpressionAttributeValues?: ReadonlyMap<string, AttributeValue> | undefined
}

/** Undefined if there is none. @throws ValidationException */
export function readWriteCondition(input: ConditionInput, placeholders: Placeholders): Condition | undefined {
  if (input.Expected) return expectedCondition(input.Expected, input.ConditionalOperator)
  checkNoOperator(input.ConditionalOperator)
  if (input.ConditionExpression === undefined) return undefined
  return parseCondition('ConditionExpression', input.ConditionExpression, placeholders)
}

/** @throws ConditionalCheckFailedException, with the item if the call asked for it */
export function checkHolds(
  condition: Condition | undefined,
  item: Item | undefined,
  { ReturnValuesOnConditionCheckFailure: returned }: ConditionInput,
): void {
  if (condition && !holds(condition, item)) throw conditionFailed(returned === 'ALL_OLD' ? item : undefined)
}
