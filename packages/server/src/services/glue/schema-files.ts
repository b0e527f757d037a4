import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { AwsError } from '../../core/aws-error.ts'
import { parseInput, type Wire } from '../../core/shapes.ts'
import { invalidInput } from './faults.ts'
import { tableBytesMax } from './limits.ts'
import { tableInput } from './members.ts'
import { type KeptTable, keptInput, nameOf } from './table.ts'

/*
 * Tables for those who make no calls: DIR/DATABASE/TABLE.json holds Glue's TableInput, of which at least
 *
 *   { "StorageDescriptor": { "Columns": [{ "Name": "id", "Type": "bigint" }] } }
 *
 * A file is read whenever its table is asked for: what is changed there counts from then on.
 */
export class SchemaFiles {
  readonly #directory: string

  constructor(directory: string) {
    this.#directory = directory
  }

  async databaseNames(): Promise<string[]> {
    const entries = await readdir(this.#directory, { withFileTypes: true }).catch(noneIfMissing)
    return entries.filter((entry) => entry.isDirectory() && isName(entry.name)).map(({ name }) => nameOf(name))
  }

  async tables(databaseName: string): Promise<KeptTable[]> {
    if (!isName(databaseName)) return []
    const files = await readdir(join(this.#directory, databaseName)).catch(noneIfMissing)
    const names = files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length))
    const found = await Promise.all(names.map((name) => this.table(databaseName, name)))
    return found.filter((table) => table !== undefined)
  }

  /** Undefined if there is no such file. @throws InvalidInputException if it does not hold a table */
  async table(databaseName: string, name: string): Promise<KeptTable | undefined> {
    if (!isName(databaseName) || !isName(name)) return undefined
    const path = join(this.#directory, databaseName, `${name}.json`)
    const found = await stat(path).catch(() => undefined)
    if (!found?.isFile()) return undefined
    if (found.size > tableBytesMax) throw invalidInput(`The schema file ${path} has more than ${tableBytesMax} bytes.`)
    const text = await readFile(path, 'utf8')
    try {
      const given = JSON.parse(text) as object
      const input = parseInput(tableInput, { ...given, Name: name }, fileWire)
      return { input: keptInput(input), createdMs: found.birthtimeMs, updatedMs: found.mtimeMs, version: 0 }
    } catch (error) {
      if (!(error instanceof AwsError) && !(error instanceof SyntaxError)) throw error
      throw invalidInput(`The schema file ${path} holds no TableInput: ${error.message}`)
    }
  }
}

const fileWire: Wire = {
  blob: () => {
    throw invalidInput('A table has no bytes.')
  },
  timestamp: (value) => new Date(typeof value === 'number' ? value * 1000 : String(value)),
}

/** What cannot lead out of the folder. */
const isName = (name: string) => /^[^\0/\\]{1,200}$/.test(name) && !name.startsWith('.')

function noneIfMissing(error: NodeJS.ErrnoException): never[] {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return []
  throw error
}
