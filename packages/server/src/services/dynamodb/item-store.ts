import type { Catalog, CatalogChange, Json } from '../../storage/catalog.ts'
import type { Item } from './attribute-value.ts'
import { resourceNotFound, tablesAreFull } from './faults.ts'
import type { ItemKey } from './item-key.ts'
import { itemMemoryBytes } from './item-size.ts'
import type { Table } from './table.ts'
import { type Entries, TableItems } from './table-items.ts'
import type { TableStore } from './table-store.ts'

/*
 * Items in the catalog. The key says where an item belongs:
 *
 *   item/<table id>/<length of the partition's text>:<partition's text><sort key's text>
 */

const prefix = 'item/'
export const idOf = (table: Pick<Table, 'id'>, { partition, sort }: ItemKey) =>
  `${prefix}${table.id}/${partition.length}:${partition}${sort}`

function placeOf(id: string): { tableId: string; key: ItemKey } {
  const slash = id.indexOf('/', prefix.length)
  const colon = id.indexOf(':', slash)
  const end = colon + 1 + Number(id.slice(slash + 1, colon))
  return { tableId: id.slice(prefix.length, slash), key: { partition: id.slice(colon + 1, end), sort: id.slice(end) } }
}

/** What a write did: undefined where there is no item. */
export type Changed = { readonly before: Item | undefined; readonly after: Item | undefined }

/** One item that a transaction reads, and perhaps writes. */
export type TransactedItem = { readonly table: Table; readonly key: ItemKey }

/** Tries of a transaction whose items others keep changing. */
const transactionTriesMax = 20

/** Items that are removed with one sync, of a table that has gone. */
const removedAtOnce = 1000

/** Items as the catalog has them, and in order: by table and index. A write shows once it is durable. */
export class ItemStore {
  readonly #catalog: Catalog
  readonly #tables: TableStore
  readonly #bytesMax: number
  readonly #byTable = new Map<string, TableItems>()
  readonly #turns = new Map<string, Promise<unknown>>()
  readonly #stopWatching: readonly (() => void)[]

  constructor(catalog: Catalog, tables: TableStore, bytesMax: number) {
    this.#catalog = catalog
    this.#tables = tables
    this.#bytesMax = bytesMax
    this.#followTables()
    for (const { key } of catalog.list(prefix)) this.#load(key)
    this.#stopWatching = [tables.watch(() => this.#followTables()), catalog.watch(prefix, (key) => this.#load(key))]
  }

  stop(): void {
    for (const stop of this.#stopWatching) stop()
  }

  get(table: Table, key: ItemKey): Item | undefined {
    return this.#catalog.get(idOf(table, key))?.value as Item | undefined
  }

  /** A table's items in order, or an index's. */
  entries(table: Table, indexName?: string | undefined): Entries {
    return this.#itemsOf(table).entries(indexName)
  }

  /** How many items a table has, and what they count by AWS's measure; undefined once the table is forgotten. */
  extentOf(table: Table): TableItems | undefined {
    return this.#byTable.get(table.id)
  }

  /**
   * Writes one item. `decide` sees what is there and returns what shall be (undefined: nothing); what it throws ends the
   * write. Resolves when it is durable. Writes of one item take turns, so that many at once do not try in vain again and
   * again; writes of different items share syncs. @throws ResourceNotFoundException if the table has gone meanwhile
   */
  async change(table: Table, key: ItemKey, decide: (before: Item | undefined) => Item | undefined): Promise<Changed> {
    const id = idOf(table, key)
    return this.#inTurn([id], async () => {
      for (;;) {
        this.#itemsOf(table)
        const held = this.#catalog.get(id)
        const before = held?.value as Item | undefined
        const after = decide(before)
        if (after === before) return { before, after }
        this.#checkRoom(memoryOf(after) - memoryOf(before))
        const version = held?.version ?? 0
        const isDone =
          after === undefined
            ? await this.#catalog.delete(id, version)
            : (await this.#catalog.put(id, after as Json, version)) !== undefined
        if (isDone) return { before, after }
      }
    })
  }

  /**
   * Writes several items, all or none, also over a crash. `decide` sees what is there, in the order of `items`, and
   * returns what shall be there; where it returns what it saw, the item must stay so until the others are written. What
   * `withThem` gives is changed together with them; undefined says that all of it has been done before. Resolves with
   * 'conflict' if somebody else kept changing the items.
   */
  async transact(
    items: readonly TransactedItem[],
    decide: (before: readonly (Item | undefined)[]) => readonly (Item | undefined)[],
    withThem: () => readonly CatalogChange[] | undefined = () => [],
  ): Promise<readonly Changed[] | 'conflict' | 'done before'> {
    const ids = items.map(({ table, key }) => idOf(table, key))
    return this.#inTurn(ids, async () => {
      for (let tries = 0; tries < transactionTriesMax; tries++) {
        const others = withThem()
        if (!others) return 'done before'
        for (const { table } of items) this.#itemsOf(table)
        const held = ids.map((id) => this.#catalog.get(id))
        const before = held.map((each) => each?.value as Item | undefined)
        const after = decide(before)
        this.#checkRoom(total(after) - total(before))
        const changes = ids.map((key, i): CatalogChange => {
          const expectedVersion = held[i]?.version ?? 0
          if (after[i] === before[i]) return { key, expectedVersion, action: 'keep' }
          if (after[i] === undefined) return { key, expectedVersion, action: 'delete' }
          return { key, expectedVersion, action: 'put', value: after[i] as Json }
        })
        if ((await this.#catalog.commit([...changes, ...others])) !== undefined)
          return before.map((item, i) => ({ before: item, after: after[i] }))
      }
      return 'conflict'
    })
  }

  /** Removes all items of tables that are not there (any more), as long as nobody says to stop. */
  async removeOrphans(signal: AbortSignal): Promise<void> {
    const orphans = this.#catalog.list(prefix).filter(({ key }) => !this.#byTable.has(placeOf(key).tableId))
    for (let at = 0; at < orphans.length && !signal.aborted; at += removedAtOnce) {
      const some = orphans.slice(at, at + removedAtOnce)
      await this.#catalog.commit(
        some.map(({ key, version }) => ({ key, expectedVersion: version, action: 'delete' as const })),
      )
    }
  }

  #itemsOf(table: Table): TableItems {
    const items = this.#byTable.get(table.id)
    if (!items) throw resourceNotFound()
    return items
  }

  #checkRoom(addedBytes: number): void {
    if (addedBytes <= 0) return
    let heldBytes = addedBytes
    for (const items of this.#byTable.values()) heldBytes += items.heldBytes
    if (heldBytes > this.#bytesMax) throw tablesAreFull(this.#bytesMax)
  }

  /** Runs a write when those that concern any of its items have ended. */
  #inTurn<T>(ids: readonly string[], write: () => Promise<T>): Promise<T> {
    const before = ids.map((id) => this.#turns.get(id)).filter((turn) => turn !== undefined)
    const turn = before.length === 0 ? write() : Promise.allSettled(before).then(write)
    for (const id of ids) this.#turns.set(id, turn)
    const end = () => {
      for (const id of ids) if (this.#turns.get(id) === turn) this.#turns.delete(id)
    }
    turn.then(end, end)
    return turn
  }

  /** Makes room for new tables and indexes, and lets go of what is gone. */
  #followTables(): void {
    const tables = this.#tables.all()
    const ids = new Set(tables.map(({ id }) => id))
    for (const id of [...this.#byTable.keys()]) if (!ids.has(id)) this.#byTable.delete(id)
    for (const table of tables) {
      const items = this.#byTable.get(table.id) ?? new TableItems()
      this.#byTable.set(table.id, items)
      items.setIndexes(table)
    }
  }

  #load(id: string): void {
    const { tableId, key } = placeOf(id)
    this.#byTable.get(tableId)?.set(id, key, this.#catalog.get(id)?.value as Item | undefined)
  }
}

const memoryOf = (item: Item | undefined) => (item ? itemMemoryBytes(item) : 0)
const total = (items: readonly (Item | undefined)[]) => items.reduce((sum, item) => sum + memoryOf(item), 0)
