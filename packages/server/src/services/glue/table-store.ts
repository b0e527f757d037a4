import type { Clock } from '@millrace/ports'
import type { Catalog, CatalogChange, Json, Versioned } from '../../storage/catalog.ts'
import {
  databaseExists,
  databaseNotFound,
  invalidInput,
  isSchemaFile,
  tableExists,
  tableNotFound,
  tooMany,
  versionConflict,
  versionNotFound,
} from './faults.ts'
import { databasesMax, tableBytesMax, tablesMax, versionsMax } from './limits.ts'
import type { SchemaFiles } from './schema-files.ts'
import { type DatabaseInput, type KeptDatabase, type KeptTable, keptInput, nameOf, type TableInput } from './table.ts'

/*
 * Keys of the catalog: glue/database/DB, glue/table/DB/TABLE (the newest), glue/version/DB/TABLE/000000000N (those before).
 */
const databasePrefix = 'glue/database/'
const tablePrefix = 'glue/table/'
/** Half a character is none in a key, as in UTF-8. */
const part = (text: string) => encodeURIComponent(nameOf(text).toWellFormed())
const databaseKey = (name: string) => databasePrefix + part(name)
const tableKey = (databaseName: string, name: string) => `${tablePrefix}${part(databaseName)}/${part(name)}`
const versionPrefix = (databaseName: string, name: string) => `glue/version/${part(databaseName)}/${part(name)}/`

/** Databases, tables and their versions: those that were made by calls, and those of schema files, which are only read. */
export class TableStore {
  readonly #catalog: Catalog
  readonly #clock: Clock
  readonly #files: SchemaFiles | undefined

  constructor(catalog: Catalog, clock: Clock, files: SchemaFiles | undefined) {
    this.#catalog = catalog
    this.#clock = clock
    this.#files = files
  }

  async databases(): Promise<KeptDatabase[]> {
    const made = this.#catalog.list(databasePrefix).map(({ value }) => value as unknown as KeptDatabase)
    const names = new Set(made.map(({ input }) => input.Name))
    const fromFiles = ((await this.#files?.databaseNames()) ?? []).filter((name) => !names.has(name))
    return [...made, ...fromFiles.map((Name) => ({ input: { Name }, createdMs: 0 }))].sort(byName)
  }

  /** @throws EntityNotFoundException */
  async database(name: string): Promise<KeptDatabase> {
    const held = this.#catalog.get(databaseKey(name))
    if (held) return held.value as unknown as KeptDatabase
    if ((await this.#files?.databaseNames())?.includes(nameOf(name)))
      return { input: { Name: nameOf(name) }, createdMs: 0 }
    throw databaseNotFound(name)
  }

  /** @throws AlreadyExistsException */
  async createDatabase(input: DatabaseInput): Promise<void> {
    if (this.#catalog.list(databasePrefix).length >= databasesMax) throw tooMany('databases', databasesMax)
    const value = { input: keptInput(input), createdMs: this.#clock.nowMs() }
    if ((await this.#catalog.put(databaseKey(input.Name), value, 0)) === undefined) throw databaseExists()
  }

  /** @throws EntityNotFoundException; InvalidInputException for another name */
  async updateDatabase(name: string, input: DatabaseInput): Promise<void> {
    if (nameOf(input.Name) !== nameOf(name)) throw invalidInput('Database names cannot be changed.')
    for (;;) {
      const held = this.#catalog.get(databaseKey(name))
      if (!held) throw databaseNotFound(name)
      const value = { ...(held.value as object), input: keptInput(input) } as Json
      if ((await this.#catalog.put(held.key, value, held.version)) !== undefined) return
    }
  }

  /** With its tables, as AWS does a while later. @throws EntityNotFoundException */
  async deleteDatabase(name: string): Promise<void> {
    for (;;) {
      const held = this.#catalog.get(databaseKey(name))
      if (!held) throw databaseNotFound(name)
      const below = [`${tablePrefix}${part(name)}/`, `glue/version/${part(name)}/`]
      const gone = [held, ...below.flatMap((prefix) => this.#catalog.list(prefix))]
      if ((await this.#catalog.commit(gone.map(deletionOf))) !== undefined) return
    }
  }

  /** In order of name. @throws EntityNotFoundException if there is no such database */
  async tables(databaseName: string): Promise<KeptTable[]> {
    await this.database(databaseName)
    const made = this.#catalog
      .list(`${tablePrefix}${part(databaseName)}/`)
      .map(({ value }) => value as unknown as KeptTable)
    const names = new Set(made.map(({ input }) => input.Name))
    const fromFiles = (await this.#files?.tables(nameOf(databaseName))) ?? []
    return [...made, ...fromFiles.filter(({ input }) => !names.has(input.Name))].sort(byName)
  }

  /** The newest version. @throws EntityNotFoundException */
  async table(databaseName: string, name: string): Promise<KeptTable> {
    const held = this.#catalog.get(tableKey(databaseName, name))
    if (held) return held.value as unknown as KeptTable
    const fromFile = await this.#files?.table(nameOf(databaseName), nameOf(name))
    if (fromFile) return fromFile
    await this.database(databaseName)
    throw tableNotFound()
  }

  /** @throws EntityNotFoundException, AlreadyExistsException */
  async createTable(databaseName: string, input: TableInput): Promise<void> {
    await this.database(databaseName)
    if (this.#catalog.list(tablePrefix).length >= tablesMax) throw tooMany('tables', tablesMax)
    if (await this.#files?.table(nameOf(databaseName), nameOf(input.Name))) throw tableExists()
    const nowMs = this.#clock.nowMs()
    const table: KeptTable = { input: keptInput(input), createdMs: nowMs, updatedMs: nowMs, version: 0 }
    const key = tableKey(databaseName, input.Name)
    if ((await this.#catalog.put(key, jsonOf(table), 0)) === undefined) throw tableExists()
  }

  /** @throws EntityNotFoundException; ConcurrentModificationException if it is not at the expected version any more */
  async updateTable(
    databaseName: string,
    input: TableInput,
    { skipArchive, expectedVersion }: { readonly skipArchive: boolean; readonly expectedVersion?: string | undefined },
  ): Promise<void> {
    for (;;) {
      const held = await this.#held(databaseName, input.Name)
      const before = held.value as unknown as KeptTable
      if (expectedVersion !== undefined && expectedVersion !== `${before.version}`) throw versionConflict(input.Name)
      const table = {
        ...before,
        input: keptInput(input),
        updatedMs: this.#clock.nowMs(),
        version: before.version + 1,
      }
      const changes: CatalogChange[] = [
        { key: held.key, expectedVersion: held.version, action: 'put', value: jsonOf(table) },
      ]
      const prefix = versionPrefix(databaseName, input.Name)
      if (!skipArchive) {
        if (this.#catalog.list(prefix).length >= versionsMax) throw tooMany('versions of a table', versionsMax)
        changes.push({ key: prefix + digits(before.version), expectedVersion: 0, action: 'put', value: held.value })
      }
      if ((await this.#catalog.commit(changes)) !== undefined) return
    }
  }

  /** With its versions. @throws EntityNotFoundException */
  async deleteTable(databaseName: string, name: string): Promise<void> {
    for (;;) {
      const held = await this.#held(databaseName, name)
      const gone = [held, ...this.#catalog.list(versionPrefix(databaseName, name))]
      if ((await this.#catalog.commit(gone.map(deletionOf))) !== undefined) return
    }
  }

  /** Newest first. @throws EntityNotFoundException */
  async versions(databaseName: string, name: string): Promise<KeptTable[]> {
    const newest = await this.table(databaseName, name)
    const before = this.#catalog.list(versionPrefix(databaseName, name))
    return [newest, ...before.map(({ value }) => value as unknown as KeptTable).reverse()]
  }

  /** @throws EntityNotFoundException */
  async version(databaseName: string, name: string, versionId: string): Promise<KeptTable> {
    const newest = await this.table(databaseName, name)
    if (versionId === `${newest.version}`) return newest
    const held = /^\d{1,15}$/.test(versionId)
      ? this.#catalog.get(versionPrefix(databaseName, name) + digits(Number(versionId)))
      : undefined
    if (!held) throw versionNotFound(name, versionId)
    return held.value as unknown as KeptTable
  }

  /** @throws EntityNotFoundException; InvalidInputException for the newest one */
  async deleteVersion(databaseName: string, name: string, versionId: string): Promise<void> {
    const { version } = await this.version(databaseName, name, versionId)
    const held = this.#catalog.get(versionPrefix(databaseName, name) + digits(version))
    if (!held) throw invalidInput('The newest version of a table cannot be deleted.')
    await this.#catalog.delete(held.key, held.version)
  }

  /** A table that can be changed. @throws EntityNotFoundException; InvalidInputException for one of a schema file */
  async #held(databaseName: string, name: string): Promise<Versioned> {
    const held = this.#catalog.get(tableKey(databaseName, name))
    if (held) return held
    await this.table(databaseName, name)
    throw isSchemaFile(`${nameOf(databaseName)}/${nameOf(name)}.json`)
  }
}

const digits = (version: number) => `${version}`.padStart(15, '0')

const deletionOf = ({ key, version }: Versioned): CatalogChange => ({ key, expectedVersion: version, action: 'delete' })

const byName = (a: { readonly input: { readonly Name: string } }, b: { readonly input: { readonly Name: string } }) =>
  a.input.Name < b.input.Name ? -1 : 1

function jsonOf(table: KeptTable): Json {
  const bytes = Buffer.byteLength(JSON.stringify(table))
  if (bytes > tableBytesMax) throw invalidInput(`A table of ${bytes} bytes exceeds ${tableBytesMax}.`)
  return table as unknown as Json
}
