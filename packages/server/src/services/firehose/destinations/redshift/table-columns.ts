import type { SqlConnection } from './sql-connection.ts'
import { quotedName } from './sql-name.ts'

/** A column of the table, as far as loading it needs to know. */
export type TableColumn = {
  readonly name: string
  readonly kind: 'text' | 'time' | 'other'
  /** Characters that it holds; undefined where there is no bound. */
  readonly lengthMax: number | undefined
  readonly hasDefault: boolean
  readonly isIdentity: boolean
}

/** Column lengths are kept with four bytes more than they say. */
const lengthHeader = 4

const statement = `
  SELECT a.attname AS name, t.typcategory AS category, t.typname AS type, a.atttypmod AS modifier,
    a.atthasdef AS has_default, a.attidentity <> '' AS is_identity
  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
  WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
  ORDER BY a.attnum`

/** Those that can be loaded, in the table's order; none if there is no such table. */
export async function tableColumns(sql: SqlConnection, table: readonly string[]): Promise<TableColumn[]> {
  const rows = await sql.query(statement, [quotedName(table)])
  return rows.map((row): TableColumn => {
    const isBounded = (row.type === 'varchar' || row.type === 'bpchar') && Number(row.modifier) > lengthHeader
    return {
      name: row.name as string,
      kind: row.category === 'S' ? 'text' : row.category === 'D' ? 'time' : 'other',
      lengthMax: isBounded ? Number(row.modifier) - lengthHeader : undefined,
      hasDefault: row.has_default === true || row.is_identity === true,
      isIdentity: row.is_identity === true,
    }
  })
}
