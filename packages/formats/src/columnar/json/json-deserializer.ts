import type { Column, ColumnBatch, ColumnType, ColumnValue } from '../column-type.ts'
import { type Dialect, type ReadValue, readerOf, type Tally } from './column-reader.ts'
import { type DocumentTaker, documentsOf, eachRecord, type Parse } from './documents.ts'
import { imprecise, parseExactly, parseLongExactly } from './exact-json.ts'
import { type HiveOptions, hive } from './hive.ts'
import { isPlainObject } from './java-names.ts'
import { KeyIndex } from './key-index.ts'
import { arrayRecord, badNumber, Misfit, primitiveRecord, type RecordFault } from './misfit.ts'
import { type OpenXOptions, openX } from './openx.ts'
import type { RecordChunk } from './record-chunk.ts'

/** Firehose's two deserializers. */
export type JsonSerDe = ({ readonly kind: 'OpenX' } & OpenXOptions) | ({ readonly kind: 'Hive' } & HiveOptions)

/** A record of a chunk that has no row. */
export type FaultyRecord = RecordFault & { readonly index: number }

/** Where more than one record of so many had to be parsed again with all digits, the next chunks are parsed so at once. */
const impreciseShare = 10
/** As many chunks; then it is tried again without. */
const exactChunks = 16

/** Records of JSON → rows of a table. One for a table and a deserializer; it collects rows until they are taken. */
export class JsonDeserializer implements DocumentTaker {
  readonly #schema: readonly Column[]
  readonly #index: KeyIndex
  readonly #reads: readonly ReadValue[]
  readonly #parse: Parse
  readonly #tally: Tally
  #columns: ColumnValue[][]
  #rowCount = 0
  #chunk: RecordChunk | undefined
  #faulty: FaultyRecord[] = []
  #impreciseCount = 0
  #exactChunksLeft = 0

  /** @throws MalformedPattern for a timestamp format that is none */
  constructor(schema: readonly Column[], serDe: JsonSerDe) {
    const dialect: Dialect = serDe.kind === 'Hive' ? hive(serDe) : openX(serDe)
    this.#schema = schema
    this.#tally = dialect.tally
    this.#index = new KeyIndex(
      schema.map(({ name }) => name),
      dialect.keys,
    )
    this.#reads = schema.map(({ type }) => readerOf(type, dialect))
    // A double that was cut off from more digits looks like any other: there the text must be asked.
    this.#parse = schema.some(({ type }) => holdsLongFractions(type)) ? parseLongExactly : JSON.parse
    this.#columns = schema.map(() => [])
  }

  /** Values that wait to be taken, also those inside others: what they need in memory goes with it. */
  get valueCount(): number {
    return this.#rowCount * this.#columns.length + this.#tally.values
  }

  /** Adds a row for each document; a record with one that does not fit has none. The records without rows. */
  add(chunk: RecordChunk): FaultyRecord[] {
    this.#chunk = chunk
    this.#faulty = []
    this.#impreciseCount = 0
    eachRecord(chunk, this.#exactChunksLeft > 0 ? parseExactly : this.#parse, this)
    if (this.#exactChunksLeft > 0) this.#exactChunksLeft--
    else if (this.#impreciseCount * impreciseShare > chunk.starts.length) this.#exactChunksLeft = exactChunks
    this.#chunk = undefined
    return this.#faulty
  }

  /** The rows so far; the next ones begin anew. */
  take(): ColumnBatch {
    const rowCount = this.#rowCount
    const columns = this.#columns
    // What a record left that failed in its last row.
    for (const column of columns) column.length = rowCount
    this.#columns = this.#schema.map(() => [])
    this.#rowCount = 0
    this.#tally.values = 0
    return { schema: this.#schema, rowCount, columns }
  }

  document(index: number, value: unknown): void {
    try {
      this.#addRow(value)
    } catch (error) {
      if (error === imprecise) {
        this.#impreciseCount++
        this.alone(index)
      } else this.#refuse(index, error)
    }
  }

  alone(index: number): void {
    const before = this.#rowCount
    try {
      for (const value of documentsOf(this.#chunk!, index)) this.#addRow(value)
    } catch (error) {
      this.#rowCount = before
      this.#refuse(index, error === imprecise ? badNumber() : error)
    }
  }

  #refuse(index: number, error: unknown): void {
    if (!(error instanceof Misfit)) throw error
    this.#faulty.push({ index, code: error.code, message: error.message })
  }

  #addRow(value: unknown): void {
    if (!isPlainObject(value)) throw Array.isArray(value) ? arrayRecord() : primitiveRecord()
    const columns = this.#columns
    const row = this.#rowCount
    for (let i = 0; i < columns.length; i++) columns[i]![row] = null
    for (const key in value) {
      const column = this.#index.of(key)
      if (column < 0) continue
      const member = value[key]
      if (member !== null) columns[column]![row] = this.#reads[column]!(member)
    }
    this.#rowCount++
  }
}

/** Digits that every double holds. */
const doubleDigits = 15

function holdsLongFractions(type: ColumnType): boolean {
  switch (type.kind) {
    case 'decimal':
      return type.precision > doubleDigits
    case 'array':
      return holdsLongFractions(type.element)
    case 'map':
      return holdsLongFractions(type.key) || holdsLongFractions(type.value)
    case 'struct':
      return type.fields.some((field) => holdsLongFractions(field.type))
    default:
      return false
  }
}
