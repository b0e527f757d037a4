import { path } from '../../core/needs.ts'
import {
  blob,
  boolean,
  enumeration,
  list,
  optional,
  type Shape,
  serializationError,
  string,
  structure,
  violation,
  type Wire,
  wrongType,
} from '../../core/shapes.ts'
import {
  type AttributeType,
  type AttributeValue,
  attributeTypes,
  type Item,
  type ItemDraft,
  setAttribute,
} from './attribute-value.ts'
import { comparisonOperators } from './legacy-condition.ts'

/* Members that several operations have. */

/** The name, or the ARN, of which only the name is kept. */
export const tableName: Shape<string> = named(string({ min: 3, max: 255, pattern: '[a-zA-Z0-9_.-]+' }))

export const indexName = string({ min: 3, max: 255, pattern: '[a-zA-Z0-9_.-]+' })

function named(name: Shape<string>): Shape<string> {
  return {
    ...name,
    form: undefined,
    decode(value, wire) {
      const text = name.decode(value, wire)
      return /^arn:[^:]*:dynamodb:[^:]*:[^:]*:table\/(.+)$/.exec(text)?.[1] ?? text
    },
  }
}

/** For `resource` of operations. */
export const tableResource = ({ TableName }: { readonly TableName: string }) => path`table/${TableName}`

function objectOf(value: unknown, expected: 'Expected null' | 'Expected map or null'): Record<string, unknown> {
  if (Array.isArray(value)) throw serializationError('Start of list found where not expected')
  if (typeof value !== 'object' || value === null) throw serializationError(expected)
  return value as Record<string, unknown>
}

/** Values by name, in order of arrival. A Map, so that a name like `__proto__` is only a name. */
export function mapOf<T>(member: Shape<T>): Shape<ReadonlyMap<string, T>> {
  return {
    required: true,
    form: { kind: 'map', member },
    decode(value, wire) {
      const decoded = new Map<string, T>()
      for (const [name, each] of Object.entries(objectOf(value, 'Expected map or null')))
        if (each !== null && each !== undefined) decoded.set(name, member.decode(each, wire))
      return decoded
    },
    check(map, path, violations) {
      for (const [name, each] of map) member.check(each, `${path}.${name}.member`, violations)
    },
  }
}

const text = string()
const texts = list(text)

const bytes: Shape<string> = {
  required: true,
  decode: (value, wire) => {
    const { buffer, byteOffset, byteLength } = blob().decode(value, wire)
    return Buffer.from(buffer, byteOffset, byteLength).toString('base64')
  },
  check() {},
}

/** Types only; what else a value must be, `soundValue` says: AWS looks at it later. */
export const attributeValue: Shape<AttributeValue> = {
  required: true,
  decode(value, wire) {
    const given = objectOf(value, 'Expected null')
    const decoded: Record<string, unknown> = {}
    for (const type of attributeTypes) {
      const member = Object.hasOwn(given, type) ? given[type] : undefined
      if (member !== undefined && member !== null) decoded[type] = decodeMember(type, member, wire)
    }
    return decoded
  },
  check() {},
}

export const item: Shape<Item> = {
  required: true,
  decode(value, wire) {
    const decoded: ItemDraft = {}
    for (const [name, each] of Object.entries(objectOf(value, 'Expected map or null')))
      if (each !== null && each !== undefined) setAttribute(decoded, name, attributeValue.decode(each, wire))
    return decoded
  },
  check() {},
}

function decodeMember(type: AttributeType, value: unknown, wire: Wire): unknown {
  switch (type) {
    case 'S':
    case 'N':
      return text.decode(value, wire)
    case 'B':
      return bytes.decode(value, wire)
    case 'BOOL':
    case 'NULL':
      if (typeof value === 'boolean' || typeof value === 'string') return boolean().decode(value, wire)
      throw wrongType(value, 'Boolean')
    case 'SS':
    case 'NS':
      return texts.decode(value, wire)
    case 'BS':
      return list(bytes).decode(value, wire)
    case 'L':
      return list(attributeValue).decode(value, wire)
    case 'M':
      return item.decode(value, wire)
  }
}

export const returnConsumedCapacity = optional(enumeration('INDEXES', 'TOTAL', 'NONE'))
export const returnItemCollectionMetrics = optional(enumeration('SIZE', 'NONE'))
export const returnValuesOnFailure = optional(enumeration('ALL_OLD', 'NONE'))
export const conditionalOperator = optional(enumeration('OR', 'AND'))

/** AWS names the operators in this order. */
const comparisonOperator = enumeration(...comparisonOperators)

export const legacyConditions = mapOf(
  structure({ ComparisonOperator: comparisonOperator, AttributeValueList: optional(list(attributeValue)) }),
)

const expectedAttribute = structure({
  Value: optional(attributeValue),
  Exists: optional(boolean()),
  ComparisonOperator: optional(comparisonOperator),
  AttributeValueList: optional(list(attributeValue)),
})

export const attributesToGet = optional(list(string(), { min: 1, max: 255 }))

export const placeholderMembers = {
  ExpressionAttributeNames: optional(mapOf(string())),
  ExpressionAttributeValues: optional(mapOf(attributeValue)),
}

/** Of a write of one item: what it answers with, and its condition in both forms. */
export const writeMembers = {
  ReturnValues: optional(enumeration('ALL_NEW', 'UPDATED_OLD', 'ALL_OLD', 'NONE', 'UPDATED_NEW')),
  ReturnConsumedCapacity: returnConsumedCapacity,
  ReturnItemCollectionMetrics: returnItemCollectionMetrics,
  Expected: optional(mapOf(expectedAttribute)),
  ConditionalOperator: conditionalOperator,
  ConditionExpression: optional(string()),
  ReturnValuesOnConditionCheckFailure: returnValuesOnFailure,
  ...placeholderMembers,
}

/** Something for each of some tables; tables may be named by ARN. */
export function tableMapOf<T>(member: Shape<T>): Shape<ReadonlyMap<string, T>> {
  const map = mapOf(member)
  return {
    ...map,
    decode(value, wire) {
      const decoded = map.decode(value, wire)
      return new Map([...decoded].map(([name, each]) => [tableName.decode(name, wire), each]))
    },
    check(tables, path, violations) {
      if (tables.size === 0)
        violations.push(violation('{}', path, 'Member must have length greater than or equal to 1'))
      for (const [name, each] of tables) {
        tableName.check(name, `${path}.key`, violations)
        member.check(each, `${path}.${name}.member`, violations)
      }
    },
  }
}
