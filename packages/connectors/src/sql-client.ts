/** What is needed of a SQL client: a `Pool` or a connected `Client` of the package pg is one. */
export interface SqlClient {
  query(text: string, values?: unknown[]): Promise<unknown>
}

/** `"name"`, and `"schema"."table"` for a name with a dot; quotes inside are doubled. */
export const quotedName = (name: string): string =>
  name
    .split('.')
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join('.')

/** `'text'`, with quotes inside doubled. */
export const quotedText = (text: string): string => `'${text.replaceAll("'", "''")}'`

/*
 * SQLSTATE (PostgreSQL's appendix A): 22 bad data, 23 a broken constraint, and 42804 and 42846, types that do not fit, are the
 * row's fault. Everything else (the connection, a lock, no room, no such table) concerns all rows alike.
 */
export function isRowsFault(error: unknown): boolean {
  const code = String((error as { code?: unknown }).code ?? '')
  return /^(22|23)[0-9A-Z]{3}$/.test(code) || code === '42804' || code === '42846'
}
