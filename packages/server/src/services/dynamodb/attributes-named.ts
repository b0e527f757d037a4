import type { AttributeValue, Item } from './attribute-value.ts'
import { attributesIn } from './condition.ts'
import { parseCondition } from './condition-parser.ts'
import { Placeholders, type RawPlaceholders } from './placeholders.ts'
import { parseProjection } from './projection.ts'
import type { UpdateOperand } from './update.ts'
import { parseUpdate } from './update-parser.ts'

/** Where an input names attributes. */
export type NamedAttributes = RawPlaceholders & {
  readonly Key?: Item | undefined
  readonly Item?: Item | undefined
  readonly keys?: readonly Item[]
  readonly AttributesToGet?: readonly string[] | undefined
  readonly ProjectionExpression?: string | undefined
  readonly UpdateExpression?: string | undefined
  readonly ConditionExpression?: string | undefined
  readonly FilterExpression?: string | undefined
  readonly KeyConditionExpression?: string | undefined
  readonly ExclusiveStartKey?: Item | undefined
  readonly AttributeUpdates?: ReadonlyMap<string, unknown> | undefined
  readonly Expected?: ReadonlyMap<string, unknown> | undefined
  readonly KeyConditions?: ReadonlyMap<string, unknown> | undefined
  readonly QueryFilter?: ReadonlyMap<string, unknown> | undefined
  readonly ScanFilter?: ReadonlyMap<string, unknown> | undefined
}

/** `dynamodb:Attributes`: the first names of all paths that a request speaks of. @throws ValidationException */
export function attributesNamed(asked: NamedAttributes): string[] {
  const placeholders = new Placeholders(asked)
  const names: string[] = []
  const items: (Readonly<Record<string, AttributeValue>> | undefined)[] = [
    asked.Key,
    asked.Item,
    asked.ExclusiveStartKey,
    ...(asked.keys ?? []),
  ]
  for (const item of items) names.push(...Object.keys(item ?? {}))
  const { AttributeUpdates, Expected, KeyConditions, QueryFilter, ScanFilter } = asked
  for (const map of [AttributeUpdates, Expected, KeyConditions, QueryFilter, ScanFilter])
    names.push(...(map?.keys() ?? []))
  names.push(...(asked.AttributesToGet ?? []))
  if (asked.ProjectionExpression !== undefined)
    for (const [name] of parseProjection(asked.ProjectionExpression, placeholders)) names.push(name)
  for (const member of ['ConditionExpression', 'FilterExpression', 'KeyConditionExpression'] as const) {
    const expression = asked[member]
    if (expression !== undefined) names.push(...attributesIn(parseCondition(member, expression, placeholders)))
  }
  if (asked.UpdateExpression !== undefined)
    for (const action of parseUpdate(asked.UpdateExpression, placeholders)) {
      names.push(action.path[0])
      if (action.kind === 'SET') names.push(...namesIn(action.operand))
    }
  return [...new Set(names)]
}

function namesIn(operand: UpdateOperand): string[] {
  switch (operand.kind) {
    case 'value':
      return []
    case 'path':
      return [operand.path[0]]
    case 'if_not_exists':
      return [operand.path[0], ...namesIn(operand.otherwise)]
    default:
      return [...namesIn(operand.left), ...namesIn(operand.right)]
  }
}
