import fc from 'fast-check'
import type { Column, ColumnBatch, ColumnType, ColumnValue } from '../../packages/formats/src/columnar/column-type.ts'
import type { OrcOptions } from '../../packages/formats/src/columnar/orc/orc-options.ts'

/** A file to be written, and what is in it. */
export type OrcCase = {
  readonly name: string
  readonly schema: readonly Column[]
  readonly rows: readonly (readonly ColumnValue[])[]
  readonly options: OrcOptions
}

/** The rows in batches of sizes that are in no step with row groups. */
export function* batchesOf({ schema, rows }: OrcCase, size = 777): Generator<ColumnBatch> {
  for (let from = 0; from < rows.length; from += size) {
    const batch = rows.slice(from, from + size)
    yield { schema, rowCount: batch.length, columns: schema.map((_, c) => batch.map((row) => row[c]!)) }
  }
}

/**
 * A value in the notation that each reader's program writes: `~` for null, whole numbers, doubles by their bits, text and
 * bytes in hexadecimal, times in microseconds, decimals unscaled, [lists], {maps}, (structs).
 */
export function notation(type: ColumnType, value: ColumnValue): string {
  if (value === null) return '~'
  switch (type.kind) {
    case 'boolean':
      return value ? '1' : '0'
    case 'float':
    case 'double':
      return doubleNotation(type.kind === 'float' ? Math.fround(value as number) : (value as number))
    case 'string':
      return textNotation((value as string).toWellFormed())
    case 'varchar':
      return textNotation([...(value as string)].slice(0, type.length).join(''))
    // Readers take off the blanks that fill it, or the test does.
    case 'char':
      return textNotation([...(value as string)].slice(0, type.length).join('').replace(/ +$/, ''))
    case 'binary':
      return `x${Buffer.from(value as Uint8Array).toString('hex')}`
    case 'timestamp':
      return String(BigInt(timestampAsRead(value as number)))
    case 'array':
      return `[${(value as ColumnValue[]).map((element) => notation(type.element, element)).join(',')}]`
    case 'map':
      return `{${(value as [ColumnValue, ColumnValue][])
        .map(([key, mapped]) => `${notation(type.key, key)}:${notation(type.value, mapped)}`)
        .join(',')}}`
    case 'struct':
      return `(${type.fields.map((field, i) => notation(field.type, (value as ColumnValue[])[i]!)).join(',')})`
    default:
      return String(value)
  }
}

export const rowNotation = (schema: readonly Column[], row: readonly ColumnValue[]): string =>
  `(${schema.map(({ type }, c) => notation(type, row[c]!)).join(',')})`

export const textNotation = (text: string): string => `x${Buffer.from(text).toString('hex')}`

export function doubleNotation(value: number): string {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(value)
  return bytes.toString('hex')
}

/** ORC has no way to write the last second before 1970 but for its first millisecond: it is read one second later. */
export const timestampAsRead = (micros: number): number =>
  micros < 0 && micros >= -999_000 ? micros + 1_000_000 : micros

/** Types of every kind, by name; the nested ones within one another. */
export const everyType: readonly Column[] = [
  { name: 'boolean', type: { kind: 'boolean' } },
  { name: 'tinyint', type: { kind: 'tinyint' } },
  { name: 'smallint', type: { kind: 'smallint' } },
  { name: 'int', type: { kind: 'int' } },
  { name: 'bigint', type: { kind: 'bigint' } },
  { name: 'float', type: { kind: 'float' } },
  { name: 'double', type: { kind: 'double' } },
  { name: 'string', type: { kind: 'string' } },
  { name: 'varchar', type: { kind: 'varchar', length: 5 } },
  { name: 'char', type: { kind: 'char', length: 7 } },
  { name: 'binary', type: { kind: 'binary' } },
  { name: 'date', type: { kind: 'date' } },
  { name: 'timestamp', type: { kind: 'timestamp' } },
  { name: 'decimal', type: { kind: 'decimal', precision: 38, scale: 10 } },
  { name: 'price', type: { kind: 'decimal', precision: 9, scale: 2 } },
  { name: 'numbers', type: { kind: 'array', element: { kind: 'bigint' } } },
  { name: 'words', type: { kind: 'map', key: { kind: 'string' }, value: { kind: 'double' } } },
  {
    name: 'nested',
    type: {
      kind: 'struct',
      fields: [
        { name: 'flag', type: { kind: 'boolean' } },
        { name: 'lists', type: { kind: 'array', element: { kind: 'array', element: { kind: 'tinyint' } } } },
        {
          name: 'things',
          type: {
            kind: 'map',
            key: { kind: 'int' },
            value: {
              kind: 'struct',
              fields: [
                { name: 'at', type: { kind: 'timestamp' } },
                { name: 'tags', type: { kind: 'array', element: { kind: 'string' } } },
              ],
            },
          },
        },
      ],
    },
  },
]

/** Values of a type, its extremes often among them; null at every level but for the keys of maps. */
export function valuesOf(type: ColumnType, nullable = true): fc.Arbitrary<ColumnValue> {
  const values = presentValuesOf(type)
  return nullable ? fc.oneof({ weight: 5, arbitrary: values }, { weight: 1, arbitrary: fc.constant(null) }) : values
}

function presentValuesOf(type: ColumnType): fc.Arbitrary<ColumnValue> {
  switch (type.kind) {
    case 'boolean':
      return fc.boolean()
    case 'tinyint':
      return integer(8)
    case 'smallint':
      return integer(16)
    case 'int':
      return integer(32)
    case 'bigint':
      return fc.oneof(integer(32), fc.maxSafeInteger(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }))
    case 'float':
      return fc.float()
    case 'double':
      return fc.oneof(fc.double(), fc.integer())
    case 'string':
      return fc.oneof(
        fc.string({ unit: 'binary', maxLength: 30 }),
        fc.constantFrom('', 'Zürich', '\ud800', 'a'.repeat(2000)),
      )
    case 'varchar':
    case 'char':
      return fc.string({ maxLength: type.length + 2 }).filter((text) => !text.endsWith(' '))
    case 'binary':
      return fc.uint8Array({ maxLength: 20 })
    case 'date':
      return fc.oneof(fc.integer({ min: -20_000, max: 20_000 }), fc.constantFrom(0, -719_162, 2_932_896))
    case 'timestamp':
      return fc.oneof(
        fc.integer({ min: -9_000_000_000_000_000, max: 9_000_000_000_000_000 }),
        fc.integer({ min: -9_000_000_000, max: 9_000_000_000 }).map((seconds) => seconds * 1_000_000),
        fc.constantFrom(0, -1, -999, -1000, -999_000, -999_001, -1_000_000, -1_000_001, 1_420_070_399_999_999),
      )
    case 'decimal':
      return fc.oneof(decimal(type.precision), decimal(Math.min(type.precision, 12)))
    case 'array':
      return fc.array(valuesOf(type.element), { maxLength: 5 })
    case 'map':
      return fc.uniqueArray(fc.tuple(valuesOf(type.key, false), valuesOf(type.value)), {
        maxLength: 4,
        selector: ([key]) => (typeof key === 'string' ? key.toWellFormed() : key),
      })
    case 'struct':
      return fc.tuple(...type.fields.map((field) => valuesOf(field.type)))
  }
}

function integer(bits: number): fc.Arbitrary<number> {
  const max = 2 ** (bits - 1) - 1
  return fc.oneof(
    fc.integer({ min: -max - 1, max }),
    fc.constantFrom(0, -1, max, -max - 1),
    fc.integer({ min: -9, max: 9 }),
  )
}

function decimal(precision: number): fc.Arbitrary<bigint> {
  const max = 10n ** BigInt(precision) - 1n
  return fc.oneof(fc.bigInt({ min: -max, max }), fc.constantFrom(0n, max, -max))
}
