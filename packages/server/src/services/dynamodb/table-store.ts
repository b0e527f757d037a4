import type { Clock } from '@millrace/ports'
import type { Catalog } from '../../storage/catalog.ts'
import { tablePrefix as prefix } from './door.ts'
import { resourceNotFound, tableExists, tableNotFound, tooManyTables } from './faults.ts'
import { decodeTable, encodeTable, isGone, statusOf, type Table } from './table.ts'

/** AWS's first quota for an account and region. */
export const tablesMax = 2500

/** The tables in the catalog. One whose time of DELETING is over is not there any more, though its items may be. */
export class TableStore {
  readonly #catalog: Catalog
  readonly #clock: Clock

  constructor(catalog: Catalog, clock: Clock) {
    this.#catalog = catalog
    this.#clock = clock
  }

  find(name: string): Table | undefined {
    const held = this.#catalog.get(prefix + name)
    const table = held && decodeTable(held.value)
    return table && !isGone(table, this.#clock.nowMs()) ? table : undefined
  }

  /** @throws ResourceNotFoundException as calls about tables have it */
  get(name: string): Table {
    const table = this.find(name)
    if (!table) throw tableNotFound(name)
    return table
  }

  /** A table whose items can be read and written. @throws ResourceNotFoundException as calls about items have it */
  usable(name: string): Table {
    const table = this.find(name)
    const status = table && statusOf(table, this.#clock.nowMs())
    if (!table || status === 'CREATING' || status === 'DELETING') throw resourceNotFound()
    return table
  }

  /** In order of name. */
  all(): Table[] {
    const nowMs = this.#clock.nowMs()
    return this.#stored().filter((table) => !isGone(table, nowMs))
  }

  /** Those that are gone, and still have to be forgotten. */
  gone(): Table[] {
    const nowMs = this.#clock.nowMs()
    return this.#stored().filter((table) => isGone(table, nowMs))
  }

  /** @throws ResourceInUseException if the name is taken, LimitExceededException */
  async create(table: Table): Promise<void> {
    for (;;) {
      if (this.find(table.name)) throw tableExists(table.name)
      if (this.all().length >= tablesMax) throw tooManyTables(tablesMax)
      const version = this.#catalog.get(prefix + table.name)?.version ?? 0
      if ((await this.#catalog.put(prefix + table.name, encodeTable(table), version)) !== undefined) return
    }
  }

  /**
   * Changes a table. `change` sees the newest value and returns the new one, or the same one for no change; what it throws
   * ends the update. It may run several times. @throws ResourceNotFoundException
   */
  async update(name: string, change: (table: Table) => Table): Promise<Table> {
    for (;;) {
      const table = this.get(name)
      const { version } = this.#catalog.get(prefix + name)!
      const next = change(table)
      if (next === table) return next
      if ((await this.#catalog.put(prefix + name, encodeTable(next), version)) !== undefined) return next
    }
  }

  /** Forgets a table that is gone. */
  async forget({ name, id }: Table): Promise<void> {
    const held = this.#catalog.get(prefix + name)
    if (held && decodeTable(held.value).id === id) await this.#catalog.delete(prefix + name, held.version)
  }

  /** Tells after each change of any table. Returns how to stop. */
  watch(listener: () => void): () => void {
    return this.#catalog.watch(prefix, listener)
  }

  /** As the catalog has them, also those that are gone. */
  #stored(): Table[] {
    return this.#catalog.list(prefix).map(({ value }) => decodeTable(value))
  }
}
