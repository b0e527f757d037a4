import { validationError } from '../../core/aws-error.ts'
import { type AttributeType, type AttributeValue, compare, soundValue, typeOf } from './attribute-value.ts'
import { attributeOperand, type Comparator, type Condition, valueOperand } from './condition.ts'

/*
 * The form of conditions from before there were expressions, which KCL 1 and 2 still use: Expected, ScanFilter and
 * QueryFilter. Each attribute has one condition; they become what an expression would be.
 */

export const comparisonOperators = [
  'EQ',
  'NE',
  'IN',
  'LE',
  'LT',
  'GE',
  'GT',
  'BETWEEN',
  'NOT_NULL',
  'NULL',
  'CONTAINS',
  'NOT_CONTAINS',
  'BEGINS_WITH',
] as const

export type ComparisonOperator = (typeof comparisonOperators)[number]

export type LegacyCondition = {
  readonly ComparisonOperator?: ComparisonOperator | undefined
  readonly AttributeValueList?: readonly AttributeValue[] | undefined
}

export type ExpectedAttribute = LegacyCondition & {
  readonly Value?: AttributeValue | undefined
  readonly Exists?: boolean | undefined
}

export type ConditionalOperator = 'AND' | 'OR'

/** `Expected` as a condition. @throws ValidationException */
export function expectedCondition(
  expected: ReadonlyMap<string, ExpectedAttribute>,
  operator: ConditionalOperator | undefined,
): Condition {
  if (expected.size === 0 && operator !== undefined) throw operatorWithoutFilter()
  return joined(
    [...expected].map(([name, each]) => expectedAttribute(name, each)),
    operator,
  )
}

const operatorWithoutFilter = () => invalid('ConditionalOperator cannot be used without Filter or Expected')

/** For a call that has no conditions at all. @throws ValidationException if it says how to join them */
export function checkNoOperator(operator: ConditionalOperator | undefined): void {
  if (operator !== undefined) throw operatorWithoutFilter()
}

function joined(conditions: readonly Condition[], operator: ConditionalOperator | undefined): Condition {
  if (operator !== undefined && conditions.length === 1)
    throw invalid('ConditionalOperator can only be used when Filter or Expected has two or more elements')
  return { kind: operator === 'OR' ? 'or' : 'and', conditions }
}

function expectedAttribute(name: string, expected: ExpectedAttribute): Condition {
  const { AttributeValueList: list, ComparisonOperator: operator, Exists: exists, Value: value } = expected
  if (operator !== undefined) {
    if (exists !== undefined)
      throw invalid(`Exists and ComparisonOperator cannot be used together for Attribute: ${name}`)
    if (list !== undefined && value !== undefined)
      throw invalid(`Value and AttributeValueList cannot be used together for Attribute: ${name}`)
    return legacyCondition(name, operator, list ?? (value === undefined ? [] : [value]))
  }
  if (list !== undefined)
    throw invalid(`AttributeValueList can only be used with a ComparisonOperator for Attribute: ${name}`)
  if (exists === false) {
    if (value !== undefined) throw invalid(`Value cannot be used when Exists is false for Attribute: ${name}`)
    return { kind: 'attribute_not_exists', path: [name] }
  }
  if (value === undefined)
    throw invalid(`Value must be provided when Exists is ${exists ?? 'null'} for Attribute: ${name}`)
  return legacyCondition(name, 'EQ', [value])
}

/** ScanFilter or QueryFilter as a condition. @throws ValidationException */
export function filterCondition(
  filter: ReadonlyMap<string, LegacyCondition>,
  operator: ConditionalOperator | undefined,
): Condition {
  return joined(
    [...filter].map(([name, each]) =>
      legacyCondition(name, each.ComparisonOperator ?? 'EQ', each.AttributeValueList ?? []),
    ),
    operator,
  )
}

const counts: Readonly<Partial<Record<ComparisonOperator, number>>> = { NOT_NULL: 0, NULL: 0, BETWEEN: 2 }

/** What each operator does not take [dynalite's observations of AWS]. */
const refusedTypes: Readonly<Partial<Record<ComparisonOperator, readonly AttributeType[]>>> = {
  ...Object.fromEntries(
    ['LE', 'LT', 'GE', 'GT', 'BETWEEN'].map((name) => [name, ['SS', 'NS', 'BS', 'L', 'M', 'BOOL', 'NULL']]),
  ),
  BEGINS_WITH: ['N', 'SS', 'NS', 'BS', 'L', 'M', 'BOOL', 'NULL'],
  IN: ['SS', 'NS', 'BS', 'L', 'M'],
  CONTAINS: ['SS', 'NS', 'BS', 'L', 'M'],
  NOT_CONTAINS: ['SS', 'NS', 'BS', 'L', 'M'],
}

/** @throws ValidationException */
export function soundOperands(operator: ComparisonOperator, raw: readonly AttributeValue[]): AttributeValue[] {
  const values = raw.map((value) => soundValue(value))
  const count = counts[operator]
  if (operator === 'IN' ? values.length === 0 : values.length !== (count ?? 1))
    throw invalid(`Invalid number of argument(s) for the ${operator} ComparisonOperator`)
  const types = values.map(typeOf)
  const refused = types.find((type) => refusedTypes[operator]?.includes(type))
  if (refused) throw invalid(`ComparisonOperator ${operator} is not valid for ${refused} AttributeValue type`)
  if (types.some((type) => type !== types[0]))
    throw invalid('AttributeValues inside AttributeValueList must be of same type')
  const [low, high] = values
  if (operator === 'BETWEEN' && (compare(low!, high!) ?? 0) > 0)
    throw validationError(
      'The BETWEEN condition was provided a range where the lower bound is greater than the upper bound',
    )
  return values
}

const comparators: Readonly<Partial<Record<ComparisonOperator, Comparator>>> = {
  EQ: '=',
  NE: '<>',
  LT: '<',
  LE: '<=',
  GT: '>',
  GE: '>=',
}

function legacyCondition(name: string, operator: ComparisonOperator, raw: readonly AttributeValue[]): Condition {
  const operand = attributeOperand(name)
  const values = soundOperands(operator, raw).map(valueOperand)
  const [value, high] = values
  switch (operator) {
    case 'NULL':
      return { kind: 'attribute_not_exists', path: [name] }
    case 'NOT_NULL':
      return { kind: 'attribute_exists', path: [name] }
    case 'IN':
      return { kind: 'in', operand, among: values }
    case 'BETWEEN':
      return { kind: 'between', operand, low: value!, high: high! }
    case 'BEGINS_WITH':
      return { kind: 'begins_with', operand, part: value! }
    case 'CONTAINS':
      return { kind: 'contains', operand, part: value! }
    case 'NOT_CONTAINS':
      return { kind: 'not', condition: { kind: 'contains', operand, part: value! } }
    default:
      return { kind: 'compare', comparator: comparators[operator]!, left: operand, right: value! }
  }
}

const invalid = (sentence: string) => validationError(`One or more parameter values were invalid: ${sentence}`)
