import type { CopyOptions } from './copy-options.ts'
import type { JsonPath } from './json-paths.ts'
import type { Loader, SkippedRow, Staged } from './loader.ts'
import { copyLine, type TableRow, tableRows } from './rows.ts'
import type { SqlConnection } from './sql-connection.ts'
import { failureOfSql, refusedLine, sqlFailed } from './sql-faults.ts'
import { quotedName } from './sql-name.ts'
import { type TableColumn, tableColumns } from './table-columns.ts'

export type PostgresLoaderOptions = {
  readonly table: readonly string[]
  /** Those that the data has; none: those of the table. */
  readonly columns: readonly string[]
  readonly copyOptions: CopyOptions
  /** Reads the file of paths, where the options name one. @throws DeliveryFailed */
  readonly jsonPaths?: (() => Promise<readonly JsonPath[]>) | undefined
}

/** A row on its way: what is sent of it, and where it came from. */
type Line = { readonly text: string; readonly line: number; readonly raw: string }

const chunkLengthMax = 64 * 1024
const rawLengthMax = 1024

/**
 * Any PostgreSQL: rows are made here of what Redshift would read, and sent by COPY FROM STDIN in one transaction, so that
 * all of a batch is there or nothing. Where the connection breaks while it is committed, the server is asked afterwards
 * whether it was: a batch is loaded once, however often it is tried.
 */
export class PostgresLoader implements Loader {
  readonly #connect: (signal: AbortSignal) => Promise<SqlConnection>
  readonly #options: PostgresLoaderOptions
  /** The transaction of which nobody knows whether it was committed, and whose batch it was. */
  #doubtful: { readonly batchId: string; readonly transactionId: string } | undefined

  constructor(connect: (signal: AbortSignal) => Promise<SqlConnection>, options: PostgresLoaderOptions) {
    this.#connect = connect
    this.#options = options
  }

  async load(staged: Staged, signal: AbortSignal): Promise<void> {
    let sql: SqlConnection | undefined
    try {
      sql = await this.#connect(signal)
      if (await this.#isThere(sql, staged)) return
      await this.#transaction(sql, staged)
    } catch (error) {
      signal.throwIfAborted()
      throw failureOfSql(error)
    } finally {
      sql?.close()
    }
  }

  /** Whether the last try of this batch was committed after all. */
  async #isThere(sql: SqlConnection, { batch }: Staged): Promise<boolean> {
    const doubtful = this.#doubtful
    if (doubtful?.batchId !== batch.id) return false
    const [row] = await sql.query('SELECT txid_status($1::bigint) AS status', [doubtful.transactionId])
    if (row?.status === 'in progress')
      throw sqlFailed('ConnectionFailed', 'the server is still busy with the transaction of the last try')
    this.#doubtful = undefined
    return row?.status === 'committed'
  }

  async #transaction(sql: SqlConnection, staged: Staged): Promise<void> {
    await sql.query('BEGIN')
    await sql.query("SET LOCAL TimeZone = 'UTC'") // as Redshift has it
    const { columns, rows } = await this.#rowsOf(sql, staged)
    const skipped: SkippedRow[] = []
    const lines = this.#linesOf(staged, rows, skipped)
    await this.#copy(sql, columns, lines, staged, skipped)
    if (skipped.length > 0) await staged.skip(skipped)
    const [row] = await sql.query('SELECT txid_current()::text AS id')
    this.#doubtful = { batchId: staged.batch.id, transactionId: row!.id as string }
    try {
      await sql.query('COMMIT')
      this.#doubtful = undefined
    } catch (error) {
      // The server's own no is a no; anything else says nothing of what it did.
      if ((error as { readonly code?: string }).code?.length === 5) this.#doubtful = undefined
      throw error
    }
  }

  async #rowsOf(sql: SqlConnection, { bytes }: Staged) {
    const { columns: named, copyOptions: options, jsonPaths, table } = this.#options
    const all = await tableColumns(sql, table)
    if (all.length === 0) throw sqlFailed('TableNotFound', `there is no ${table.join('.')}`)
    const missing = named.filter((name) => !all.some((column) => column.name === name))
    if (missing.length > 0) throw sqlFailed('ColumnNotFound', `${table.join('.')} has no ${missing.join(', ')}`)
    const given =
      named.length > 0
        ? named.map((name) => all.find((column) => column.name === name)!)
        : all.filter(({ isIdentity }) => !isIdentity || options.hasExplicitIds)
    const paths = await jsonPaths?.()
    if (paths && paths.length !== given.length)
      throw sqlFailed('ColumnMismatch', `${paths.length} paths for ${given.length} columns`)
    const rows = [...tableRows(bytes, { columns: given, options, paths })]
    const isByName = options.format === 'json' && !paths && options.json !== 'noshred' && named.length === 0
    return isByName ? withoutDefaults(given, rows) : { columns: given, rows }
  }

  /** What can be sent; rows that make no sense are left out as far as MAXERROR allows. @throws DeliveryFailed */
  #linesOf(staged: Staged, rows: readonly TableRow[], skipped: SkippedRow[]): Line[] {
    const lines: Line[] = []
    for (const row of rows) {
      const { line, raw } = row
      if (row.fault === undefined)
        lines.push({ text: `${copyLine(row.value)}\n`, line, raw: raw.slice(0, rawLengthMax) })
      else this.#skip(staged, { line, raw }, '', row.fault, skipped)
    }
    return lines
  }

  #skip(
    { objectUrl }: Staged,
    { line, raw }: Pick<Line, 'line' | 'raw'>,
    code: string,
    reason: string,
    skipped: SkippedRow[],
  ): void {
    const { errorsMax } = this.#options.copyOptions
    if (skipped.length >= errorsMax) throw sqlFailed('DataLoadFailed', `${objectUrl}, line ${line}: ${reason}`)
    const told = { raw_line: raw.slice(0, rawLengthMax), err_code: code, err_reason: reason }
    skipped.push({ filename: objectUrl, line_number: line, ...told })
  }

  /**
   * The server refuses a COPY at the first row that does not fit. Where MAXERROR allows it, the rows before that one and
   * those behind it are sent again, each by a COPY of its own.
   */
  async #copy(
    sql: SqlConnection,
    columns: readonly TableColumn[],
    lines: readonly Line[],
    staged: Staged,
    skipped: SkippedRow[],
  ): Promise<void> {
    const { copyOptions, table } = this.#options
    const names = columns.map(({ name }) => quotedName([name])).join(', ')
    const statement = `COPY ${quotedName(table)} (${names}) FROM STDIN`
    if (copyOptions.errorsMax === 0) return await sql.copyIn(statement, chunksOf(lines, 0, lines.length))
    const pending = [{ from: 0, to: lines.length }]
    for (let range = pending.pop(); range; range = pending.pop()) {
      const { from, to } = range
      if (from === to) continue
      await sql.query('SAVEPOINT before_copy')
      try {
        await sql.copyIn(statement, chunksOf(lines, from, to))
      } catch (error) {
        const refused = refusedLine(error)
        if (refused === undefined) throw error
        const { code = '', message } = error as Error & { readonly code?: string }
        const at = from + refused - 1
        this.#skip(staged, lines[at]!, code, message, skipped)
        await sql.query('ROLLBACK TO SAVEPOINT before_copy')
        pending.push({ from: at + 1, to }, { from, to: at })
      }
      await sql.query('RELEASE SAVEPOINT before_copy')
    }
  }
}

/** A column that has a default, and that no object of the load names, is left to its default. */
function withoutDefaults(columns: readonly TableColumn[], rows: readonly TableRow[]) {
  const isMissing = columns.map(
    ({ hasDefault }, i) => hasDefault && rows.every((row) => row.fault !== undefined || row.value[i] === null),
  )
  if (!isMissing.includes(true)) return { columns, rows }
  const isKept = (_: unknown, i: number) => !isMissing[i]
  return {
    columns: columns.filter(isKept),
    rows: rows.map((row): TableRow => (row.fault === undefined ? { ...row, value: row.value.filter(isKept) } : row)),
  }
}

function* chunksOf(lines: readonly Line[], from: number, to: number): Generator<Buffer> {
  let text = ''
  for (let i = from; i < to; i++) {
    text += lines[i]!.text
    if (text.length < chunkLengthMax) continue
    yield Buffer.from(text)
    text = ''
  }
  if (text !== '') yield Buffer.from(text)
}
