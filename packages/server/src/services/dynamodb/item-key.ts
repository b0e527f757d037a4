import { validationError } from '../../core/aws-error.ts'
import {
  type AttributeValue,
  attributeOf,
  bytesOf,
  type Item,
  type ItemDraft,
  setAttribute,
  typeOf,
} from './attribute-value.ts'
import { invalidValue, keyDoesNotMatch } from './faults.ts'
import { keyText } from './key-order.ts'
import { attributeTypeOf, type KeySchema, keyNames, type Table } from './table.ts'

/** An item's place among the items of its table or index: see `keyText`. `sort` is empty where there is no sort key. */
export type ItemKey = { readonly partition: string; readonly sort: string }

const partitionKeyBytesMax = 2048
const sortKeyBytesMax = 1024

/** The key of an item that is to be written. @throws ValidationException */
export function keyOfItem(table: Table, item: Item): ItemKey {
  for (const name of keyNames(table.key)) {
    const value = attributeOf(item, name)
    if (value === undefined) throw invalidValue(`Missing the key ${name} in the item`)
    const expected = attributeTypeOf(table, name)
    if (value[expected] === undefined)
      throw invalidValue(`Type mismatch for key ${name} expected: ${expected} actual: ${typeOf(value)}`)
  }
  return soundKey(table.key, item)
}

/** The key that a client gave by its attributes, and nothing else. @throws ValidationException */
export function keyOf(table: Table, key: Item): ItemKey {
  const names = keyNames(table.key)
  if (Object.keys(key).length !== names.length) throw keyDoesNotMatch()
  for (const name of names)
    if (attributeOf(key, name)?.[attributeTypeOf(table, name)] === undefined) throw keyDoesNotMatch()
  return soundKey(table.key, key)
}

/** @throws ValidationException for a key that is empty or too long */
function soundKey({ partition, sort }: KeySchema, item: Item): ItemKey {
  const partitionValue = item[partition]!
  const sortValue = sort === undefined ? undefined : item[sort]
  checkKeyIsNotEmpty(partition, partitionValue)
  if (sortValue) checkKeyIsNotEmpty(sort!, sortValue)
  checkKeySizes(partitionValue, sortValue)
  return { partition: keyText(partitionValue), sort: sortValue ? keyText(sortValue) : '' }
}

function checkKeySizes(partition: AttributeValue, sort: AttributeValue | undefined): void {
  if (sizeBytesOf(partition) > partitionKeyBytesMax)
    throw invalidValue(`Size of hashkey has exceeded the maximum size limit of${partitionKeyBytesMax} bytes`) // sic
  if (sort && sizeBytesOf(sort) > sortKeyBytesMax)
    throw invalidValue(`Aggregated size of all range keys has exceeded the size limit of ${sortKeyBytesMax} bytes`)
}

function sizeBytesOf({ S, B }: AttributeValue): number {
  if (S !== undefined) return Buffer.byteLength(S)
  return B === undefined ? 0 : bytesOf(B).length
}

/** @throws ValidationException for a key of no characters or bytes */
export function checkKeyIsNotEmpty(name: string, value: AttributeValue): void {
  if (value.S !== '' && value.B !== '') return
  throw validationError(
    'One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty ' +
      `${emptyKind(value)} value. Key: ${name}`,
  )
}

const emptyKind = ({ S }: AttributeValue) => (S === '' ? 'string' : 'binary')

/** What an item has of a key: of its table, or of an index too. */
export function keyAttributes(item: Item, ...schemas: readonly KeySchema[]): Item {
  const key: ItemDraft = {}
  for (const name of schemas.flatMap(keyNames)) {
    const value = attributeOf(item, name)
    if (value) setAttribute(key, name, value)
  }
  return key
}

/** The key of an item in an index; undefined where the item lacks one of its attributes, and so is not in it. */
export function indexKeyOf({ partition, sort }: KeySchema, item: Item): ItemKey | undefined {
  const partitionValue = attributeOf(item, partition)
  const sortValue = sort === undefined ? undefined : attributeOf(item, sort)
  if (partitionValue === undefined || (sort !== undefined && sortValue === undefined)) return undefined
  return { partition: keyText(partitionValue), sort: sortValue ? keyText(sortValue) : '' }
}

/** What an item has for an index must have the index's type. @throws ValidationException */
export function checkIndexKeys(table: Table, item: Item): void {
  for (const { name: indexName, key } of table.indexes)
    for (const name of keyNames(key)) {
      const value = attributeOf(item, name)
      if (value === undefined) continue
      const expected = attributeTypeOf(table, name)
      if (value[expected] === undefined)
        throw invalidValue(
          `Type mismatch for Index Key ${name} Expected: ${expected} Actual: ${typeOf(value)} IndexName: ${indexName}`,
        )
      if (value.S === '' || value.B === '')
        throw validationError(
          'One or more parameter values are not valid. A value specified for a secondary index key is not supported. ' +
            `The AttributeValue for a key attribute cannot contain an empty ${emptyKind(value)} value. ` +
            `IndexName: ${indexName}, IndexKey: ${name}`,
        )
      checkKeySizes(name === key.partition ? value : { N: '0' }, name === key.sort ? value : undefined)
    }
}
