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
    const columns = await this.#columnsOf(sql)
    const paths = await this.#options.jsonPaths?.()
    if (paths && paths.length !== columns.length)
      throw sqlFailed('ColumnMismatch', `${paths.length} paths for ${columns.length} columns`)
    const rowsOf = { columns, options: this.#options.copyOptions, paths }
    const isSent = this.#isNamed(columns, () => tableRows(staged.bytes, rowsOf))
    const skipped: SkippedRow[] = []
    const lines = this.#linesOf(staged, tableRows(staged.bytes, rowsOf), isSent, skipped)
    await this.#copy(sql, columns.filter(isSent), lines, staged, skipped)
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

  /** The columns that the data has values for, in its order. @throws DeliveryFailed */
  async #columnsOf(sql: SqlConnection): Promise<readonly TableColumn[]> {
    const { columns: named, copyOptions, table } = this.#options
    const all = await tableColumns(sql, table)
    if (all.length === 0) throw sqlFailed('TableNotFound', `there is no ${table.join('.')}`)
    if (named.length === 0) return all.filter(({ isIdentity }) => !isIdentity || copyOptions.hasExplicitIds)
    const missing = named.filter((name) => !all.some((column) => column.name === name))
    if (missing.length > 0) throw sqlFailed('ColumnNotFound', `${table.join('.')} has no ${missing.join(', ')}`)
    return named.map((name) => all.find((column) => column.name === name)!)
  }

  /**
   * Which columns are sent: all, but where objects name their columns those that have a default, and that no object of the
   * load names. They are left to it.
   */
  #isNamed(columns: readonly TableColumn[], rows: () => Iterable<TableRow>): (_: unknown, i: number) => boolean {
    const { columns: named, copyOptions, jsonPaths } = this.#options
    const isByName = copyOptions.format === 'json' && !jsonPaths && copyOptions.json !== 'noshred' && named.length === 0
    const unnamed = new Set(isByName ? columns.flatMap(({ hasDefault }, i) => (hasDefault ? [i] : [])) : [])
    if (unnamed.size > 0)
      for (const { value } of rows()) {
        for (const i of unnamed) if (value && value[i] !== null) unnamed.delete(i)
        if (unnamed.size === 0) break
      }
    return (_, i) => !unnamed.has(i)
  }

  /** What can be sent; rows that make no sense are left out as far as MAXERROR allows. @throws DeliveryFailed */
  #linesOf(
    staged: Staged,
    rows: Iterable<TableRow>,
    isSent: (_: unknown, i: number) => boolean,
    skipped: SkippedRow[],
  ): Line[] {
    const lines: Line[] = []
    for (const row of rows) {
      const { line } = row
      const raw = row.raw.slice(0, rawLengthMax)
      if (row.fault === undefined) lines.push({ text: `${copyLine(row.value.filter(isSent))}\n`, line, raw })
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
