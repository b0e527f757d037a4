import type { ColumnType, ColumnValue } from '../column-type.ts'
import { isPlainObject } from './java-names.ts'
import { KeyIndex, type KeyRules } from './key-index.ts'
import type { Misfit } from './misfit.ts'

/** A JSON value that is not null → a value of a column. @throws Misfit */
export type ReadValue = (value: unknown) => ColumnValue

type PrimitiveType = Exclude<ColumnType, { readonly kind: 'array' | 'map' | 'struct' }>

/** Values inside arrays, maps and structs that were read: what they take in memory is not in a row's columns alone. */
export type Tally = { values: number }

/** In what the deserializers of Hive and OpenX differ. */
export type Dialect = {
  readonly keys: KeyRules
  /** Keys of maps, and of objects that become text, are in lower case. */
  readonly lowerMapKeys: boolean
  primitive(type: PrimitiveType): ReadValue
  /** What is not an array becomes one element, or is refused. */
  readonly wrapsIntoArray: boolean
  /** An array fills a struct by position, or is refused. */
  readonly structFromArray: boolean
  readonly notAnArray: (value: unknown) => Misfit
  readonly notAStruct: (value: unknown) => Misfit
  readonly notAMap: (value: unknown) => Misfit
  readonly tally: Tally
}

/** Made once for a table, so that nothing is decided for each value that can be decided for its column. */
export function readerOf(type: ColumnType, dialect: Dialect): ReadValue {
  switch (type.kind) {
    case 'array':
      return arrayReader(readerOf(type.element, dialect), dialect)
    case 'map':
      return mapReader(readerOf(type.key, dialect), readerOf(type.value, dialect), dialect)
    case 'struct':
      return structReader(
        type.fields.map(({ name }) => name),
        type.fields.map((field) => readerOf(field.type, dialect)),
        dialect,
      )
    default:
      return dialect.primitive(type)
  }
}

function arrayReader(read: ReadValue, { wrapsIntoArray, notAnArray, tally }: Dialect): ReadValue {
  return (value) => {
    if (!Array.isArray(value)) {
      if (!wrapsIntoArray) throw notAnArray(value)
      return [read(value)]
    }
    tally.values += value.length + 1
    const elements = new Array<ColumnValue>(value.length)
    for (let i = 0; i < value.length; i++) elements[i] = value[i] === null ? null : read(value[i])
    return elements
  }
}

function mapReader(readKey: ReadValue, readValue: ReadValue, { lowerMapKeys, notAMap, tally }: Dialect): ReadValue {
  return (value) => {
    if (!isPlainObject(value)) throw notAMap(value)
    const entries = new Map<ColumnValue, ColumnValue>()
    for (const key of Object.keys(value)) {
      const member = value[key]
      entries.set(readKey(lowerMapKeys ? key.toLowerCase() : key), member === null ? null : readValue(member))
    }
    tally.values += 2 * entries.size + 1
    return [...entries]
  }
}

function structReader(names: readonly string[], reads: readonly ReadValue[], dialect: Dialect): ReadValue {
  const { keys, structFromArray, notAStruct, tally } = dialect
  const index = new KeyIndex(names, keys)
  const count = reads.length
  return (value) => {
    tally.values += count
    const fields = new Array<ColumnValue>(count).fill(null)
    if (structFromArray && Array.isArray(value)) {
      for (let i = 0; i < count && i < value.length; i++) if (value[i] !== null) fields[i] = reads[i]!(value[i])
      return fields
    }
    if (!isPlainObject(value)) throw notAStruct(value)
    for (const key in value) {
      const field = index.of(key)
      if (field < 0) continue
      const member = value[key]
      fields[field] = member === null ? null : reads[field]!(member)
    }
    return fields
  }
}
