import {
  type AttributeType,
  type AttributeValue,
  bytesOf,
  compare,
  equal,
  type Item,
  typeOf,
} from './attribute-value.ts'
import { type Path, valueAt } from './document-path.ts'

/* Conditions on an item: ConditionExpression, FilterExpression, and the older Expected and ScanFilter. */

export type Comparator = '=' | '<>' | '<' | '<=' | '>' | '>='

export type Operand =
  | { readonly kind: 'path'; readonly path: Path }
  | { readonly kind: 'value'; readonly value: AttributeValue }
  | { readonly kind: 'size'; readonly of: Operand }

export type Condition =
  | { readonly kind: 'and' | 'or'; readonly conditions: readonly Condition[] }
  | { readonly kind: 'not'; readonly condition: Condition }
  | { readonly kind: 'compare'; readonly comparator: Comparator; readonly left: Operand; readonly right: Operand }
  | { readonly kind: 'between'; readonly operand: Operand; readonly low: Operand; readonly high: Operand }
  | { readonly kind: 'in'; readonly operand: Operand; readonly among: readonly Operand[] }
  | { readonly kind: 'attribute_exists' | 'attribute_not_exists'; readonly path: Path }
  | { readonly kind: 'attribute_type'; readonly operand: Operand; readonly type: AttributeType }
  | { readonly kind: 'begins_with' | 'contains'; readonly operand: Operand; readonly part: Operand }

/** Does the condition hold? An item that is not there has no attributes. */
export function holds(condition: Condition, item: Item | undefined): boolean {
  switch (condition.kind) {
    case 'and':
      return condition.conditions.every((each) => holds(each, item))
    case 'or':
      return condition.conditions.some((each) => holds(each, item))
    case 'not':
      return !holds(condition.condition, item)
    case 'attribute_exists':
      return valueAt(item, condition.path) !== undefined
    case 'attribute_not_exists':
      return valueAt(item, condition.path) === undefined
    case 'compare':
      return compares(condition.comparator, operandValue(condition.left, item), operandValue(condition.right, item))
    default:
      return holdsOfValue(condition, item)
  }
}

type ValueCondition = Extract<Condition, { operand: Operand }>

function holdsOfValue(condition: ValueCondition, item: Item | undefined): boolean {
  const value = operandValue(condition.operand, item)
  if (value === undefined) return false
  switch (condition.kind) {
    case 'between':
      return (
        compares('>=', value, operandValue(condition.low, item)) &&
        compares('<=', value, operandValue(condition.high, item))
      )
    case 'in':
      return condition.among.some((each) => compares('=', value, operandValue(each, item)))
    case 'attribute_type':
      return typeOf(value) === condition.type
    case 'begins_with':
      return beginsWith(value, operandValue(condition.part, item))
    case 'contains':
      return contains(value, operandValue(condition.part, item))
  }
}

export function operandValue(operand: Operand, item: Item | undefined): AttributeValue | undefined {
  switch (operand.kind) {
    case 'value':
      return operand.value
    case 'path':
      return valueAt(item, operand.path)
    case 'size': {
      const value = operandValue(operand.of, item)
      const size = value && sizeOf(value)
      return size === undefined ? undefined : { N: `${size}` }
    }
  }
}

/** Characters, bytes, or members; numbers, booleans and null have no size. */
function sizeOf(value: AttributeValue): number | undefined {
  if (value.S !== undefined) return value.S.length
  if (value.B !== undefined) return bytesOf(value.B).length
  if (value.M !== undefined) return Object.keys(value.M).length
  return (value.L ?? value.SS ?? value.NS ?? value.BS)?.length
}

/** Values of different types are not equal, and neither is before the other; what is missing differs from everything. */
function compares(comparator: Comparator, left: AttributeValue | undefined, right: AttributeValue | undefined) {
  if (comparator === '<>') return !(left !== undefined && right !== undefined && equal(left, right))
  if (left === undefined || right === undefined) return false
  if (comparator === '=') return equal(left, right)
  const order = compare(left, right)
  if (order === undefined) return false
  switch (comparator) {
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '>=':
      return order >= 0
  }
}

function beginsWith(value: AttributeValue, part: AttributeValue | undefined): boolean {
  if (value.S !== undefined && part?.S !== undefined) return value.S.startsWith(part.S)
  if (value.B !== undefined && part?.B !== undefined) {
    const beginning = bytesOf(part.B)
    return bytesOf(value.B).subarray(0, beginning.length).equals(beginning)
  }
  return false
}

/** A text in a text, bytes in bytes, a member of a set or list. */
function contains(value: AttributeValue, part: AttributeValue | undefined): boolean {
  if (part === undefined) return false
  if (value.L !== undefined) return value.L.some((member) => equal(member, part))
  if (value.S !== undefined) return part.S !== undefined && value.S.includes(part.S)
  if (value.B !== undefined) return part.B !== undefined && bytesOf(value.B).includes(bytesOf(part.B))
  for (const [set, member] of [
    [value.SS, part.S],
    [value.NS, part.N],
    [value.BS, part.B],
  ] as const)
    if (set !== undefined) return member !== undefined && set.includes(member)
  return false
}

/** The attributes at the beginning of each path in a condition: AWS refuses keys in filters. */
export function attributesIn(condition: Condition): string[] {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return condition.conditions.flatMap(attributesIn)
    case 'not':
      return attributesIn(condition.condition)
    case 'attribute_exists':
    case 'attribute_not_exists':
      return [condition.path[0]]
    case 'compare':
      return [condition.left, condition.right].flatMap(attributesOfOperand)
    case 'between':
      return [condition.operand, condition.low, condition.high].flatMap(attributesOfOperand)
    case 'in':
      return [condition.operand, ...condition.among].flatMap(attributesOfOperand)
    case 'attribute_type':
      return attributesOfOperand(condition.operand)
    default:
      return [condition.operand, condition.part].flatMap(attributesOfOperand)
  }
}

function attributesOfOperand(operand: Operand): string[] {
  if (operand.kind === 'path') return [operand.path[0]]
  return operand.kind === 'size' ? attributesOfOperand(operand.of) : []
}

/** For a condition of one attribute by its name: what it is now. */
export const attributeOperand = (name: string): Operand => ({ kind: 'path', path: [name] })

export const valueOperand = (value: AttributeValue): Operand => ({ kind: 'value', value })
