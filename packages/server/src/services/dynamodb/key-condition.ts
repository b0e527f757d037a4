import { validationError } from '../../core/aws-error.ts'
import { type AttributeValue, typeOf } from './attribute-value.ts'
import type { Condition, Operand } from './condition.ts'
import { parseCondition } from './condition-parser.ts'
import { invalidValue } from './faults.ts'
import { checkKeyIsNotEmpty } from './item-key.ts'
import { keyText } from './key-order.ts'
import { type ComparisonOperator, type LegacyCondition, soundOperands } from './legacy-condition.ts'
import type { Placeholders } from './placeholders.ts'
import type { ReadSource } from './read-source.ts'
import type { Probe } from './sorted-list.ts'
import { attributeTypeOf } from './table.ts'
import { type Entry, partitionProbe } from './table-items.ts'

/*
 * What a Query looks for: one partition, and perhaps a stretch of its sort keys. It is said by KeyConditionExpression, or
 * by KeyConditions from before there were expressions.
 */

type KeyOperator = '=' | '<' | '<=' | '>' | '>=' | 'BETWEEN' | 'begins_with'

type OneKey = { readonly operator: KeyOperator; readonly values: readonly AttributeValue[] }

/** By the attribute's name. */
export type KeyConditions = ReadonlyMap<string, OneKey>

const expected = 'KeyConditionExpression'

/** @throws ValidationException */
export function parseKeyCondition(text: string, placeholders: Placeholders): KeyConditions {
  const conditions = new Map<string, OneKey>()
  const parsed = parseCondition(expected, text, placeholders)
  for (const condition of parsed.kind === 'and' ? parsed.conditions.flatMap(flattened) : [parsed]) {
    const [name, one] = keyCondition(condition)
    if (conditions.has(name)) throw validationError('KeyConditionExpressions must only contain one condition per key')
    conditions.set(name, one)
  }
  return conditions
}

const flattened = (condition: Condition): readonly Condition[] =>
  condition.kind === 'and' ? condition.conditions.flatMap(flattened) : [condition]

function keyCondition(condition: Condition): [name: string, one: OneKey] {
  switch (condition.kind) {
    case 'compare': {
      const { comparator, left, right } = condition
      if (comparator === '<>') throw invalidOperator('<>')
      // `:v = a` means the same as `a = :v`, and `:v < a` as `a > :v`.
      const isTurned = left.kind === 'value' && right.kind === 'path'
      const operator = isTurned ? turned[comparator] : comparator
      return one(operator, isTurned ? right : left, [isTurned ? left : right])
    }
    case 'between':
      return one('BETWEEN', condition.operand, [condition.low, condition.high])
    case 'begins_with':
      return one('begins_with', condition.operand, [condition.part])
    default:
      throw invalidOperator(condition.kind)
  }
}

const turned = { '=': '=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const

const invalidOperator = (kind: string) =>
  validationError(`Invalid operator used in ${expected}: ${/^(or|not|in|and)$/.test(kind) ? kind.toUpperCase() : kind}`)

function one(operator: KeyOperator, operand: Operand, others: readonly Operand[]): [string, OneKey] {
  if ([operand, ...others].some(({ kind }) => kind === 'size'))
    throw validationError('KeyConditionExpressions cannot contain nested operations')
  if (operand.kind !== 'path')
    throw validationError(
      `Invalid condition in ${expected}: ${operator} operator must have the key attribute as its first operand`,
    )
  if (operand.path.length > 1)
    throw validationError('KeyConditionExpressions cannot have conditions on nested attributes')
  const values = others.map((other) => {
    if (other.kind === 'value') return other.value
    throw validationError(`Invalid condition in ${expected}: Multiple attribute names used in one condition`)
  })
  return [operand.path[0], { operator, values }]
}

const operators: Readonly<Partial<Record<ComparisonOperator, KeyOperator>>> = {
  EQ: '=',
  LT: '<',
  LE: '<=',
  GT: '>',
  GE: '>=',
  BETWEEN: 'BETWEEN',
  BEGINS_WITH: 'begins_with',
}

/** @throws ValidationException */
export function legacyKeyConditions(given: ReadonlyMap<string, LegacyCondition>): KeyConditions {
  return new Map(
    [...given].map(([name, { AttributeValueList = [], ComparisonOperator = 'EQ' }]) => {
      const values = soundOperands(ComparisonOperator, AttributeValueList)
      const operator = operators[ComparisonOperator]
      if (!operator) throw validationError('Attempted conditional constraint is not an indexable operation')
      return [name, { operator, values }]
    }),
  )
}

export type KeyProbe = {
  readonly probe: Probe<Entry>
  /** In the right partition, whatever the sort key. */
  readonly partition: Probe<Entry>
}

/** What a table's or an index's key makes of the conditions. @throws ValidationException */
export function keyProbe({ key, table }: ReadSource, conditions: KeyConditions): KeyProbe {
  if (conditions.size === 0 || conditions.size > 2) throw validationError('Conditions can be of length 1 or 2 only')
  const partition = conditions.get(key.partition)
  if (!partition) throw missed(key.partition)
  const others = [...conditions.keys()].filter((name) => name !== key.partition)
  if (others.length > 0 && key.sort === undefined) throw validationError('Query key condition not supported')
  const sort = key.sort === undefined ? undefined : conditions.get(key.sort)
  if (others.length > 0 && !sort) throw missed(key.sort!)
  for (const [name, { values }] of conditions)
    for (const value of values) {
      if (typeOf(value) !== attributeTypeOf(table, name))
        throw invalidValue('Condition parameter type does not match schema type')
      checkKeyIsNotEmpty(name, value)
    }
  if (partition.operator !== '=') throw validationError('Query key condition not supported')
  const text = keyText(partition.values[0]!)
  return {
    probe: partitionProbe(text, sort ? sortProbe(sort) : () => 0),
    partition: partitionProbe(text, () => 0),
  }
}

const missed = (name: string) => validationError(`Query condition missed key schema element: ${name}`)

/** Where a sort key's text lies: before the stretch, in it, or behind. */
function sortProbe({ operator, values }: OneKey): (sort: string) => number {
  const [text, high] = values.map(keyText) as [string, string]
  switch (operator) {
    case '=':
      return (sort) => (sort < text ? -1 : sort > text ? 1 : 0)
    case '<':
      return (sort) => (sort < text ? 0 : 1)
    case '<=':
      return (sort) => (sort <= text ? 0 : 1)
    case '>':
      return (sort) => (sort > text ? 0 : -1)
    case '>=':
      return (sort) => (sort >= text ? 0 : -1)
    case 'BETWEEN':
      return (sort) => (sort < text ? -1 : sort > high ? 1 : 0)
    case 'begins_with':
      return (sort) => (sort.startsWith(text) ? 0 : sort < text ? -1 : 1)
  }
}
