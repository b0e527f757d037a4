/*
 * Tables as Hive, Glue, Parquet and ORC know them: columns with types, and rows kept column by column.
 */

export type ColumnType =
  | { readonly kind: 'boolean' | 'tinyint' | 'smallint' | 'int' | 'bigint' | 'float' | 'double' }
  | { readonly kind: 'string' | 'binary' | 'date' | 'timestamp' }
  | { readonly kind: 'varchar' | 'char'; readonly length: number }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'array'; readonly element: ColumnType }
  | { readonly kind: 'map'; readonly key: ColumnType; readonly value: ColumnType }
  | { readonly kind: 'struct'; readonly fields: readonly Column[] }

export type Column = { readonly name: string; readonly type: ColumnType }

/**
 * A value of a column, by its type:
 *
 *   boolean             boolean
 *   tinyint … int       number, whole
 *   bigint              number where it is exact, else bigint
 *   float, double       number, also NaN and infinities
 *   string … char       string
 *   binary              Uint8Array
 *   date                days since 1970, a number
 *   timestamp           microseconds since 1970 UTC, a number (exact until 2255)
 *   decimal             bigint: the value times 10 to the scale
 *   array               its elements
 *   map                 pairs of key and value
 *   struct              its fields' values, in their order
 */
export type ColumnValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly ColumnValue[]
  | readonly (readonly [ColumnValue, ColumnValue])[]

/** Rows, column by column: `columns[c][r]`. */
export type ColumnBatch = {
  readonly schema: readonly Column[]
  readonly rowCount: number
  readonly columns: readonly (readonly ColumnValue[])[]
}
