import { invalidArgument } from '../../../../core/aws-error.ts'

/*
 * Names in CopyCommand, as SQL reads them: `Sales.Orders` is sales.orders, `"Sales"."Orders"` is what it says. They are put
 * into statements in quotes, so that a name can never be anything but a name.
 */

const part = /\s*(?:"((?:[^"]|"")+)"|([\p{L}_][\p{L}\p{N}_$]*))\s*/uy

/** `table` or `schema.table` → its parts. @throws InvalidArgumentException */
export function tableName(text: string): readonly string[] {
  const names = namesIn(text, '.')
  if (!names || names.length > 2)
    throw invalidArgument(`CopyCommand.DataTableName must be a table or schema.table, and is ${text}`)
  return names
}

/** `a, b, c` → the names; none for a text that is empty. @throws InvalidArgumentException */
export function columnNames(text: string): readonly string[] {
  if (text.trim() === '') return []
  const names = namesIn(text, ',')
  if (!names) throw invalidArgument(`CopyCommand.DataTableColumns must be names with commas between, and is ${text}`)
  return names
}

export const quotedName = (names: readonly string[]): string =>
  names.map((name) => `"${name.replaceAll('"', '""')}"`).join('.')

export const quotedText = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** Undefined if it is not names with separators between. */
function namesIn(text: string, separator: string): string[] | undefined {
  const names: string[] = []
  part.lastIndex = 0
  for (;;) {
    const [, quoted, plain] = part.exec(text) ?? []
    const name = quoted?.replaceAll('""', '"') ?? plain?.toLowerCase()
    if (name === undefined || name.includes('\0')) return undefined
    names.push(name)
    if (part.lastIndex === text.length) return names
    if (text[part.lastIndex] !== separator) return undefined
    part.lastIndex++
  }
}
