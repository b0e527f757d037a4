import { validationError } from '../../core/aws-error.ts'
import { boolean, enumeration, integer, list, optional, string, structure, type ValueOf } from '../../core/shapes.ts'
import { invalidValue } from './faults.ts'
import { indexName } from './members.ts'
import { type KeySchema, keyNames, type Projection, type SecondaryIndex, type Table, type Throughput } from './table.ts'

/* How CreateTable and UpdateTable say what a table is. */

const attributeName = string({ min: 1, max: 255 })

export const attributeDefinitions = list(
  structure({ AttributeName: attributeName, AttributeType: enumeration('B', 'N', 'S') }),
)

export const keySchema = list(structure({ AttributeName: attributeName, KeyType: enumeration('HASH', 'RANGE') }), {
  min: 1,
  max: 2,
})

export const throughput = structure({
  ReadCapacityUnits: integer({ min: 1 }),
  WriteCapacityUnits: integer({ min: 1 }),
})

const projection = structure({
  ProjectionType: optional(enumeration('ALL', 'INCLUDE', 'KEYS_ONLY')),
  NonKeyAttributes: optional(list(attributeName, { min: 1, max: 20 })),
})

export const localIndex = structure({ IndexName: indexName, KeySchema: keySchema, Projection: projection })

export const globalIndex = structure({
  IndexName: indexName,
  KeySchema: keySchema,
  Projection: projection,
  ProvisionedThroughput: optional(throughput),
})

export const billingMode = enumeration('PROVISIONED', 'PAY_PER_REQUEST')
export const tableClass = enumeration('STANDARD', 'STANDARD_INFREQUENT_ACCESS')
export const streamSpecification = structure({ StreamEnabled: boolean() })
export const encryption = structure({ Enabled: optional(boolean()), SSEType: optional(string()) })

type Definitions = ValueOf<typeof attributeDefinitions>
type KeyElements = ValueOf<typeof keySchema>
type IndexInput = ValueOf<typeof globalIndex>

const localIndexesMax = 5
const globalIndexesMax = 20

/** @throws ValidationException */
export function keyFrom(elements: KeyElements, attributes: Table['attributes']): KeySchema {
  const names = elements.map(({ AttributeName }) => AttributeName)
  const defined = attributes.map(([name]) => name)
  if (names.some((name) => !defined.includes(name)))
    throw invalidValue(
      `Some index key attributes are not defined in AttributeDefinitions. Keys: [${names.join(', ')}], ` +
        `AttributeDefinitions: [${defined.join(', ')}]`,
    )
  const [first, second] = elements as [KeyElements[number], KeyElements[number] | undefined]
  if (first.AttributeName === second?.AttributeName)
    throw validationError('Both the Hash Key and the Range Key element in the KeySchema have the same name')
  if (first.KeyType !== 'HASH')
    throw validationError('Invalid KeySchema: The first KeySchemaElement is not a HASH key type')
  if (second && second.KeyType !== 'RANGE')
    throw validationError('Invalid KeySchema: The second KeySchemaElement is not a RANGE key type')
  return { partition: first.AttributeName, sort: second?.AttributeName }
}

/** @throws ValidationException */
export function attributesFrom(definitions: Definitions): Table['attributes'] {
  const names = definitions.map(({ AttributeName }) => AttributeName)
  if (new Set(names).size < names.length)
    throw validationError('Invalid AttributeDefinitions: Duplicate attribute definitions')
  return definitions.map(({ AttributeName, AttributeType }) => [AttributeName, AttributeType])
}

/** Each attribute that is defined is part of a key. @throws ValidationException */
export function checkAllUsed(attributes: Table['attributes'], keys: readonly KeySchema[]): void {
  const used = new Set(keys.flatMap(keyNames))
  if (attributes.every(([name]) => used.has(name))) return
  if (keys.length === 1)
    throw invalidValue(
      'Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions',
    )
  throw invalidValue(
    `Some AttributeDefinitions are not used. AttributeDefinitions: [${attributes.map(([name]) => name).join(', ')}], ` +
      `keys used: [${[...used].join(', ')}]`,
  )
}

/** @throws ValidationException */
export function throughputFrom(mode: Table['billingMode'], given: ValueOf<typeof throughput> | undefined): Throughput {
  if (mode === 'PAY_PER_REQUEST') {
    if (given)
      throw invalidValue(
        'Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST',
      )
    return { readUnits: 0, writeUnits: 0 }
  }
  if (!given)
    throw invalidValue(
      'ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED',
    )
  return { readUnits: given.ReadCapacityUnits, writeUnits: given.WriteCapacityUnits }
}

type IndexPlace = Pick<Table, 'attributes' | 'key' | 'billingMode'>

/** @throws ValidationException */
export function indexFrom(table: IndexPlace, input: IndexInput, isGlobal: boolean, activeAtMs: number): SecondaryIndex {
  const { IndexName: name } = input
  const key = keyFrom(input.KeySchema, table.attributes)
  if (!isGlobal) checkLocalKey(name, key, table.key)
  return {
    name,
    isGlobal,
    key,
    projection: projectionFrom(input.Projection),
    throughput: isGlobal ? indexThroughput(name, table.billingMode, input.ProvisionedThroughput) : undefined,
    activeAtMs,
  }
}

function checkLocalKey(name: string, key: KeySchema, tableKey: KeySchema): void {
  if (tableKey.sort === undefined)
    throw invalidValue(
      'Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex',
    )
  if (key.sort === undefined) throw invalidValue(`Index KeySchema does not have a range key for index: ${name}`)
  if (key.partition !== tableKey.partition)
    throw invalidValue(
      `Index KeySchema does not have the same leading hash key as table KeySchema for index: ${name}. ` +
        `index hash key: ${key.partition}, table hash key: ${tableKey.partition}`,
    )
}

function projectionFrom({ ProjectionType: type, NonKeyAttributes: names }: ValueOf<typeof projection>): Projection {
  if (type === undefined) throw invalidValue('Unknown ProjectionType: null')
  if (names && type !== 'INCLUDE') throw invalidValue(`ProjectionType is ${type}, but NonKeyAttributes is specified`)
  if (!names && type === 'INCLUDE')
    throw invalidValue(`ProjectionType is ${type}, but NonKeyAttributes is not specified`)
  return { type, nonKeyAttributes: names }
}

function indexThroughput(name: string, mode: Table['billingMode'], given: ValueOf<typeof throughput> | undefined) {
  if (mode === 'PAY_PER_REQUEST' && given)
    throw invalidValue(
      `ProvisionedThroughput should not be specified for index: ${name} when BillingMode is PAY_PER_REQUEST`,
    )
  if (mode === 'PROVISIONED' && !given) throw invalidValue(`ProvisionedThroughput is not specified for index: ${name}`)
  return given ? throughputFrom(mode, given) : { readUnits: 0, writeUnits: 0 }
}

/** @throws ValidationException */
export function checkIndexes(indexes: readonly SecondaryIndex[]): void {
  const names = indexes.map(({ name }) => name)
  const repeated = names.find((name, i) => names.indexOf(name) < i)
  if (repeated !== undefined) throw invalidValue(`Duplicate index name: ${repeated}`)
  if (indexes.filter(({ isGlobal }) => !isGlobal).length > localIndexesMax)
    throw invalidValue('Number of LocalSecondaryIndexes exceeds per-table limit of 5')
  if (indexes.filter(({ isGlobal }) => isGlobal).length > globalIndexesMax)
    throw invalidValue(`GlobalSecondaryIndex count exceeds the per-table limit of ${globalIndexesMax}`)
}
