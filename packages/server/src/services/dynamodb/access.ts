import type { ConditionKeys, Need } from '../../core/access.ts'
import { LazyKeys } from '../../core/lazy-keys.ts'
import { arnOfResource, path, resourceOfArn } from '../../core/needs.ts'
import { attributeOf, type Item, soundValue } from './attribute-value.ts'
import { attributesNamed, type NamedAttributes } from './attributes-named.ts'
import type { DynamoDbContext } from './context.ts'
import { legacyKeyConditions, parseKeyCondition } from './key-condition.ts'
import type { LegacyCondition } from './legacy-condition.ts'
import { Placeholders, type RawPlaceholders } from './placeholders.ts'

/*
 * What calls of DynamoDB need, and what fine-grained conditions may ask of them:
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
 */

/** An action of DynamoDB on a resource. */
export const needOn = (
  { place }: Pick<DynamoDbContext, 'place'>,
  action: string,
  resource: string | undefined,
  keys?: ConditionKeys,
): Need => ({
  action: `dynamodb:${action}`,
  resource: arnOfResource(place, 'dynamodb', resource),
  ...(keys && { keys }),
})

/** For `resource` of operations that name a table by its ARN. */
export const resourceNamed = (
  { ResourceArn }: { readonly ResourceArn: string },
  { place }: Pick<DynamoDbContext, 'place'>,
) => resourceOfArn(place, 'dynamodb', ResourceArn)

/** What Query and Scan read: the table, or the index. */
export const sourceResource = ({ TableName, IndexName }: SourceNames) =>
  IndexName === undefined ? path`table/${TableName}` : path`table/${TableName}/index/${IndexName}`

type SourceNames = { readonly TableName: string; readonly IndexName?: string | undefined }

/** One or more items of a table, each by its key or as a whole. */
export type ItemsAsked = NamedAttributes & {
  readonly TableName: string
  readonly Key?: Item | undefined
  readonly Item?: Item | undefined
  readonly keys?: readonly Item[]
  readonly ReturnValues?: string | undefined
  readonly ReturnConsumedCapacity?: string | undefined
}

/** @param enclosing the transaction that the action is part of */
export function needOnItems(context: DynamoDbContext, action: string, asked: ItemsAsked, enclosing?: string): Need {
  const items = [asked.Key, asked.Item, ...(asked.keys ?? [])].filter((item) => item !== undefined)
  const keys = new LazyKeys({
    ...requestKeys(asked, enclosing),
    'dynamodb:leadingkeys': () => {
      const name = context.tables.find(asked.TableName)?.key.partition
      return name === undefined
        ? undefined
        : orRefused(() => items.flatMap((item) => keyTextOf(attributeOf(item, name))))
    },
  })
  return needOn(context, action, path`table/${asked.TableName}`, keys)
}

type Asked = NamedAttributes &
  SourceNames &
  RawPlaceholders & {
    readonly Select?: string | undefined
    readonly ReturnConsumedCapacity?: string | undefined
    readonly KeyConditions?: ReadonlyMap<string, LegacyCondition> | undefined
    readonly KeyConditionExpression?: string | undefined
  }

export function needOnQuery(context: DynamoDbContext, asked: Asked): Need {
  const keys = new LazyKeys({
    ...requestKeys(asked),
    'dynamodb:select': () => selectOf(asked),
    'dynamodb:leadingkeys': () => {
      const table = context.tables.find(asked.TableName)
      const index = table?.indexes.find(({ name }) => name === asked.IndexName)
      const name = (asked.IndexName === undefined ? table : index)?.key.partition
      if (name === undefined) return undefined
      return orRefused(() => keyConditionsOf(asked)?.get(name)?.values.flatMap(keyTextOf))
    },
  })
  return needOn(context, 'Query', sourceResource(asked), keys)
}

export function needOnScan(context: DynamoDbContext, asked: Asked): Need {
  const keys = new LazyKeys({
    ...requestKeys(asked),
    'dynamodb:select': () => selectOf(asked),
    'dynamodb:fulltablescan': () => ['true'],
  })
  return needOn(context, 'Scan', sourceResource(asked), keys)
}

function requestKeys(
  asked: NamedAttributes & {
    readonly ReturnValues?: string | undefined
    readonly ReturnConsumedCapacity?: string | undefined
  },
  enclosing?: string,
): Record<string, () => readonly string[] | undefined> {
  return {
    'dynamodb:attributes': () => orRefused(() => attributesNamed(asked)),
    'dynamodb:returnvalues': () => [asked.ReturnValues ?? 'NONE'],
    'dynamodb:returnconsumedcapacity': () => [asked.ReturnConsumedCapacity ?? 'NONE'],
    'dynamodb:enclosingoperation': () => (enclosing === undefined ? undefined : [enclosing]),
  }
}

function selectOf({ AttributesToGet, IndexName, ProjectionExpression, Select }: Asked): readonly string[] {
  if (Select !== undefined) return [Select]
  if (AttributesToGet !== undefined || ProjectionExpression !== undefined) return ['SPECIFIC_ATTRIBUTES']
  return [IndexName === undefined ? 'ALL_ATTRIBUTES' : 'ALL_PROJECTED_ATTRIBUTES']
}

const keyConditionsOf = (asked: Asked) =>
  asked.KeyConditionExpression === undefined
    ? asked.KeyConditions && legacyKeyConditions(asked.KeyConditions)
    : parseKeyCondition(asked.KeyConditionExpression, new Placeholders(asked))

/** A key's value as policies compare it, numbers in their one form; nothing where it is left out. @throws ValidationException */
function keyTextOf(value: Item[string] | undefined): readonly string[] {
  if (value === undefined) return []
  const { B, N, S } = soundValue(value)
  return [S ?? N ?? B ?? '']
}

/** What the operation itself refuses when it reads the same again: no condition shall take it for an allowed value. */
const refused = ['']

function orRefused(read: () => readonly string[] | undefined): readonly string[] | undefined {
  try {
    return read()
  } catch {
    return refused
  }
}
