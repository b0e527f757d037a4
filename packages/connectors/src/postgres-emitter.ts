import { type Batch, convertEach, type Emitter, type Entry, errorOf, type Refusal } from './pipeline.ts'
import { isRowsFault, quotedName, type SqlClient } from './sql-client.ts'

/** A row: values by column. Objects and arrays are for columns of type json. */
export type Row = Readonly<Record<string, unknown>>

export type PostgresEmitterOptions = {
  /** `table` or `schema.table`. */
  readonly table: string
  readonly columns: readonly string[]
  /**
   * What to do about a row whose key is there already: records come at least once. `columns` are those of a unique index.
   * @default the row is refused
   */
  readonly onConflict?: { readonly columns: readonly string[]; readonly action: 'nothing' | 'update' }
  /** Rows in one INSERT. @default 1000 */
  readonly rowsMax?: number
}

/** A row's parameters, and for whom it stands. */
type Values = { readonly entries: readonly Entry<Row>[]; readonly values: readonly unknown[] }

/** Parameters that one statement may have: the protocol counts them in 16 bits. */
const parametersMax = 65_535

/**
 * Inserts each value as a row, many by one statement, which is whole or not at all. A row that Postgres refuses fails; the
 * others of its statement are inserted.
 */
export class PostgresEmitter implements Emitter<Row> {
  readonly #client: SqlClient
  readonly #options: PostgresEmitterOptions
  readonly #rowsMax: number

  constructor(client: SqlClient, options: PostgresEmitterOptions) {
    this.#client = client
    this.#options = options
    if (options.columns.length === 0) throw new RangeError('columns must name at least one column.')
    for (const column of options.onConflict?.columns ?? [])
      if (!options.columns.includes(column))
        throw new RangeError(`onConflict names ${column}, which is not in columns.`)
    this.#rowsMax = Math.min(options.rowsMax ?? 1000, Math.floor(parametersMax / options.columns.length))
  }

  async emit({ entries }: Batch<Row>): Promise<readonly Refusal<Row>[]> {
    const { columns, onConflict } = this.#options
    const { made, refusals } = convertEach(entries, ({ value }) => columns.map((column) => parameter(value[column])))
    const rows = made.map(({ entry, as: values }): Values => ({ entries: [entry], values }))
    const groups = onConflict ? this.#lastOfEach(rows, onConflict.columns) : rows
    for (let at = 0; at < groups.length; at += this.#rowsMax)
      refusals.push(...(await this.#insert(groups.slice(at, at + this.#rowsMax))))
    return refusals
  }

  /** One statement may not change a row twice: of those with one key the last one stands for all. */
  #lastOfEach(rows: readonly Values[], key: readonly string[]): Values[] {
    const places = key.map((column) => this.#options.columns.indexOf(column))
    const byKey = new Map<string, Values>()
    for (const { entries, values } of rows) {
      const text = places.map((place) => String(values[place])).join('\0')
      byKey.set(text, { entries: [...(byKey.get(text)?.entries ?? []), ...entries], values })
    }
    return [...byKey.values()]
  }

  async #insert(rows: readonly Values[]): Promise<Refusal<Row>[]> {
    try {
      await this.#client.query(
        this.#statement(rows.length),
        rows.flatMap(({ values }) => values),
      )
      return []
    } catch (thrown) {
      const error = errorOf(thrown)
      if (!isRowsFault(error)) throw error
      // One bad row makes Postgres refuse the whole statement: halves tell which.
      if (rows.length === 1) return rows[0]!.entries.map((entry) => ({ entry, error, mayRetry: false }))
      const middle = rows.length >> 1
      return [...(await this.#insert(rows.slice(0, middle))), ...(await this.#insert(rows.slice(middle)))]
    }
  }

  #statement(rowCount: number): string {
    const { table, columns, onConflict } = this.#options
    const row = (first: number) => `(${columns.map((_, i) => `$${first + i + 1}`).join(', ')})`
    const rows = Array.from({ length: rowCount }, (_, i) => row(i * columns.length)).join(', ')
    const names = columns.map(quotedName).join(', ')
    return `INSERT INTO ${quotedName(table)} (${names}) VALUES ${rows}${conflictClause(onConflict, columns)}`
  }
}

function conflictClause(onConflict: PostgresEmitterOptions['onConflict'], columns: readonly string[]): string {
  if (!onConflict) return ''
  const others = columns.filter((column) => !onConflict.columns.includes(column))
  const target = ` ON CONFLICT (${onConflict.columns.map(quotedName).join(', ')})`
  if (onConflict.action === 'nothing' || others.length === 0) return `${target} DO NOTHING`
  return `${target} DO UPDATE SET ${others.map((name) => `${quotedName(name)} = EXCLUDED.${quotedName(name)}`).join(', ')}`
}

/** The client would make of an array an array of Postgres, and of a missing value an error. */
function parameter(value: unknown): unknown {
  if (value === undefined) return null
  const isPlain = typeof value !== 'object' || value === null || value instanceof Date || value instanceof Uint8Array
  return isPlain ? value : JSON.stringify(value)
}
