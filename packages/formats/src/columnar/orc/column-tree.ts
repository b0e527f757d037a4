import type { Column, ColumnType } from '../column-type.ts'
import { BloomFilter } from './bloom-filter.ts'
import type { ColumnWriter } from './column-writer.ts'
import { DateColumn, IntegerColumn, TinyintColumn } from './integer-columns.ts'
import { ListColumn, MapColumn, RootColumn, StructColumn } from './nested-columns.ts'
import type { OrcOptions } from './orc-options.ts'
import { BinaryColumn, BooleanColumn, DoubleColumn } from './plain-columns.ts'
import { ProtobufMessage } from './protobuf.ts'
import { fitChar, fitVarchar, StringColumn } from './string-column.ts'
import { DecimalColumn, TimestampColumn } from './time-and-decimal-columns.ts'

/** The columns of a file by their ids: the rows themselves are 0, and what is within a column follows it. */
export type ColumnTree = {
  readonly root: RootColumn
  readonly columns: readonly ColumnWriter[]
  /** Footer's Type of each. */
  readonly types: readonly ProtobufMessage[]
}

export function columnTree(schema: readonly Column[], options: Required<OrcOptions>): ColumnTree {
  const root = new RootColumn(schema.map(({ name, type }) => columnWriter(type, name, options)))
  const types: ProtobufMessage[] = []
  addType({ kind: 'struct', fields: schema }, types)
  return { root, columns: preOrder(root), types }
}

const preOrder = (column: ColumnWriter): ColumnWriter[] => [column, ...column.children.flatMap(preOrder)]

/** @param path its names from the outermost column, with dots */
function columnWriter(type: ColumnType, path: string, options: Required<OrcOptions>): ColumnWriter {
  const { FormatVersion: version, DictionaryKeyThreshold: dictionaryKeyThreshold } = options
  const within = (inner: ColumnType, name: string) => columnWriter(inner, `${path}.${name}`, options)
  const bloomFilter = () => bloomFilterOf(path, options)
  const string = (fit?: (text: string) => string) =>
    new StringColumn({ version, dictionaryKeyThreshold, bloomFilter: bloomFilter(), ...(fit && { fit }) })
  switch (type.kind) {
    case 'boolean':
      return new BooleanColumn()
    case 'tinyint':
      return new TinyintColumn(bloomFilter())
    case 'smallint':
    case 'int':
    case 'bigint':
      return new IntegerColumn(type.kind, version, bloomFilter())
    case 'float':
    case 'double':
      return new DoubleColumn(type.kind, bloomFilter())
    case 'string':
      return string()
    case 'varchar':
      return string(fitVarchar(type.length))
    case 'char':
      return string(fitChar(type.length))
    case 'binary':
      return new BinaryColumn(version, bloomFilter())
    case 'date':
      return new DateColumn(version, bloomFilter())
    case 'timestamp':
      return new TimestampColumn(version, bloomFilter())
    case 'decimal':
      return new DecimalColumn(type.precision, type.scale, version, bloomFilter())
    case 'array':
      return new ListColumn(within(type.element, '_elem'), version)
    case 'map':
      return new MapColumn(within(type.key, '_key'), within(type.value, '_value'), version)
    case 'struct':
      return new StructColumn(type.fields.map((field) => within(field.type, field.name)))
  }
}

/** A filter for a column that is named, or is within one that is; Apache names the columns of lists and maps so, too. */
function bloomFilterOf(path: string, options: Required<OrcOptions>): BloomFilter | undefined {
  const named = options.BloomFilterColumns.some((name) => path === name || path.startsWith(`${name}.`))
  // Probabilities of 0 and 1 have no filter: one would have no end, the other says nothing.
  const falsePositives = options.BloomFilterFalsePositiveProbability
  if (!named || falsePositives >= 1) return undefined
  return new BloomFilter(options.RowIndexStride, Math.max(falsePositives, falsePositivesMin))
}

const falsePositivesMin = 1e-6

/** Numbers of Type.kind. */
const kinds = {
  boolean: 0,
  tinyint: 1,
  smallint: 2,
  int: 3,
  bigint: 4,
  float: 5,
  double: 6,
  string: 7,
  binary: 8,
  timestamp: 9,
  array: 10,
  map: 11,
  struct: 12,
  decimal: 14,
  date: 15,
  varchar: 16,
  char: 17,
} as const

/**
 * Adds a type and those within it; gives its id.
 *
 *   Type  kind 1, subtypes:packed 2, fieldNames 3, maximumLength 4, precision 5, scale 6
 */
function addType(type: ColumnType, types: ProtobufMessage[]): number {
  const id = types.length
  const message = new ProtobufMessage().uint(1, kinds[type.kind])
  types.push(message)
  if (type.kind === 'array') message.packed(2, [addType(type.element, types)])
  if (type.kind === 'map') message.packed(2, [addType(type.key, types), addType(type.value, types)])
  if (type.kind === 'struct') {
    message.packed(
      2,
      type.fields.map((field) => addType(field.type, types)),
    )
    for (const { name } of type.fields) message.string(3, name)
  }
  if (type.kind === 'varchar' || type.kind === 'char') message.uint(4, type.length)
  if (type.kind === 'decimal') message.uint(5, type.precision).uint(6, type.scale)
  return id
}
