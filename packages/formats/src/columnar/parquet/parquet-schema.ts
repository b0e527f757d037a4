import type { SchemaElement } from 'hyparquet-writer'
import type { Column, ColumnType } from '../column-type.ts'

/*
 * Hive's types as Parquet's, named as Hive names them:
 *
 *   tinyint … int  INT32 (INT_8, INT_16)   bigint  INT64        decimal    FIXED_LEN_BYTE_ARRAY (DECIMAL), as short as it can be
 *   string …       BYTE_ARRAY (UTF8)       binary  BYTE_ARRAY   date       INT32 (DATE)
 *   timestamp      INT64 (TIMESTAMP, microseconds, of no time zone)
 *   array          group (LIST) { repeated group list { optional element } }
 *   map            group (MAP) { repeated group key_value { required key; optional value } }
 *
 * Every column may be null.
 */

export const schemaOf = (columns: readonly Column[]): SchemaElement[] => [
  { name: 'schema', num_children: columns.length },
  ...columns.flatMap(({ name, type }) => elementsOf(name, type, 'OPTIONAL')),
]

function elementsOf(name: string, type: ColumnType, repetition: 'OPTIONAL' | 'REQUIRED'): SchemaElement[] {
  switch (type.kind) {
    case 'array':
      return [
        { name, repetition_type: repetition, num_children: 1, converted_type: 'LIST', logical_type: { type: 'LIST' } },
        { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
        ...elementsOf('element', type.element, 'OPTIONAL'),
      ]
    case 'map':
      return [
        { name, repetition_type: repetition, num_children: 1, converted_type: 'MAP', logical_type: { type: 'MAP' } },
        { name: 'key_value', repetition_type: 'REPEATED', num_children: 2 },
        ...elementsOf('key', type.key, 'REQUIRED'),
        ...elementsOf('value', type.value, 'OPTIONAL'),
      ]
    case 'struct':
      return [
        { name, repetition_type: repetition, num_children: type.fields.length },
        ...type.fields.flatMap((field) => elementsOf(field.name, field.type, 'OPTIONAL')),
      ]
    default:
      return [{ name, repetition_type: repetition, ...leafOf(type) }]
  }
}

function leafOf(type: Exclude<ColumnType, { kind: 'array' | 'map' | 'struct' }>): Omit<SchemaElement, 'name'> {
  switch (type.kind) {
    case 'boolean':
      return { type: 'BOOLEAN' }
    // Without their logical type, which the writer puts into the footer in a way that nobody else can read (0.17.0).
    case 'tinyint':
      return { type: 'INT32', converted_type: 'INT_8' }
    case 'smallint':
      return { type: 'INT32', converted_type: 'INT_16' }
    case 'int':
      return { type: 'INT32' }
    case 'bigint':
      return { type: 'INT64' }
    case 'float':
      return { type: 'FLOAT' }
    case 'double':
      return { type: 'DOUBLE' }
    case 'string':
    case 'varchar':
    case 'char':
      return { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } }
    case 'binary':
      return { type: 'BYTE_ARRAY' }
    case 'date':
      return { type: 'INT32', converted_type: 'DATE', logical_type: { type: 'DATE' } }
    case 'timestamp':
      return {
        type: 'INT64',
        converted_type: 'TIMESTAMP_MICROS',
        logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: false, unit: 'MICROS' },
      }
    case 'decimal': {
      const { precision, scale } = type
      return {
        type: 'FIXED_LEN_BYTE_ARRAY',
        type_length: decimalBytes(precision),
        converted_type: 'DECIMAL',
        logical_type: { type: 'DECIMAL', precision, scale },
        precision,
        scale,
      }
    }
  }
}

/** Bytes of the largest number of so many digits, with its sign. */
const decimalBytes = (precision: number) => Math.ceil(((10n ** BigInt(precision)).toString(2).length + 1) / 8)
