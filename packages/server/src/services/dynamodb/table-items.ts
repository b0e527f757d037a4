import type { Item } from './attribute-value.ts'
import { type ItemKey, indexKeyOf } from './item-key.ts'
import { itemMemoryBytes, itemSizeBytes } from './item-size.ts'
import { partitionHash } from './key-order.ts'
import { type Probe, SortedList } from './sorted-list.ts'
import type { Table } from './table.ts'

/** An item at its place in a table or an index. */
export type Entry = ItemKey & {
  /** See `partitionHash`. */
  readonly hash: number
  /** The item's name in the catalog: it tells items apart that an index puts at one place. */
  readonly id: string
  readonly item: Item
  readonly sizeBytes: number
}

export type Entries = SortedList<Entry>

/** Memory for an item's place in an index, about. */
const indexEntryBytes = 150

/** The items of one table, in order, and once more for each of its indexes. */
export class TableItems {
  readonly #primary: Entries = new SortedList(byPlace)
  readonly #indexes = new Map<string, { readonly key: Table['key']; readonly entries: Entries }>()
  #itemBytes = 0
  #memoryBytes = 0

  /** Follows the table's definition: makes new indexes from the items, and drops those that are gone. */
  setIndexes(table: Table): void {
    for (const [name, { key }] of [...this.#indexes])
      if (!table.indexes.some((index) => index.name === name && sameKey(index.key, key))) this.#indexes.delete(name)
    for (const { name, key } of table.indexes) {
      if (this.#indexes.has(name)) continue
      const index = { key, entries: new SortedList(byPlace) as Entries }
      this.#indexes.set(name, index)
      for (const entry of this.#primary.ascending(() => 0)) insertInto(index, entry)
    }
  }

  /** Of the table, or of the index with this name. */
  entries(indexName?: string | undefined): Entries {
    return indexName === undefined ? this.#primary : this.#indexes.get(indexName)!.entries
  }

  /** How many entries an index has, and the bytes of their items: 0 for one that is not there (any more). */
  indexExtent(indexName: string): { readonly count: number; readonly sizeBytes: number } {
    const entries = this.#indexes.get(indexName)?.entries
    let sizeBytes = 0
    for (const entry of entries?.ascending(() => 0) ?? []) sizeBytes += entry.sizeBytes
    return { count: entries?.length ?? 0, sizeBytes }
  }

  get count(): number {
    return this.#primary.length
  }

  /** The items by AWS's measure. */
  get itemBytes(): number {
    return this.#itemBytes
  }

  /** What all of it weighs in memory, about. */
  get heldBytes(): number {
    let entries = 0
    for (const index of this.#indexes.values()) entries += index.entries.length
    return this.#memoryBytes + entries * indexEntryBytes
  }

  /** Puts an item in its places, or takes it out. */
  set(id: string, key: ItemKey, item: Item | undefined): void {
    const place = { ...key, hash: partitionHash(key.partition), id }
    const before = this.#primary.delete({ ...place, item: nothing, sizeBytes: 0 })
    if (before) {
      this.#itemBytes -= before.sizeBytes
      this.#memoryBytes -= itemMemoryBytes(before.item)
      for (const index of this.#indexes.values()) deleteFrom(index, before)
    }
    if (item === undefined) return
    const entry: Entry = { ...place, item, sizeBytes: itemSizeBytes(item) }
    this.#itemBytes += entry.sizeBytes
    this.#memoryBytes += itemMemoryBytes(item)
    this.#primary.insert(entry)
    for (const index of this.#indexes.values()) insertInto(index, entry)
  }
}

const nothing: Item = {}

const sameKey = (a: Table['key'], b: Table['key']) => a.partition === b.partition && a.sort === b.sort

type Index = { readonly key: Table['key']; readonly entries: Entries }

function insertInto({ key, entries }: Index, entry: Entry): void {
  const place = indexKeyOf(key, entry.item)
  if (place) entries.insert({ ...entry, ...place, hash: partitionHash(place.partition) })
}

function deleteFrom({ key, entries }: Index, entry: Entry): void {
  const place = indexKeyOf(key, entry.item)
  if (place) entries.delete({ ...entry, ...place, hash: partitionHash(place.partition) })
}

/** The order of a scan: by partition's hash, then as DynamoDB orders within a partition. */
export function byPlace(a: Entry, b: Entry): number {
  return a.hash - b.hash || order(a.partition, b.partition) || order(a.sort, b.sort) || order(a.id, b.id)
}

const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

/** One partition, and of it what `sortProbe` holds inside. */
export function partitionProbe(partition: string, sortProbe: (sort: string) => number): Probe<Entry> {
  const hash = partitionHash(partition)
  return (entry) => entry.hash - hash || order(entry.partition, partition) || sortProbe(entry.sort)
}

/** One of equal parts of all partitions: a segment of a parallel scan. */
export function segmentProbe(segment: number, totalSegments: number): Probe<Entry> {
  const low = Math.ceil((segment * hashes) / totalSegments)
  const high = Math.ceil(((segment + 1) * hashes) / totalSegments)
  return ({ hash }) => (hash < low ? -1 : hash >= high ? 1 : 0)
}

const hashes = 2 ** 32
