import type { Item } from './attribute-value.ts'
import { indexKeyOf } from './item-key.ts'
import { itemSizeBytes } from './item-size.ts'
import type { Changed } from './item-store.ts'
import type { SecondaryIndex, Table } from './table.ts'

/* What a call would cost: half a unit for 4 KB read (a whole one if consistent), one for 1 KB written. */

export type CapacityAsked = 'INDEXES' | 'TOTAL' | 'NONE' | undefined

const readUnitBytes = 4096
const writeUnitBytes = 1024

/** `factor` is 2 in transactions. */
export const readUnits = (sizeBytes: number, isConsistent: boolean, factor = 1): number =>
  Math.max(1, Math.ceil(sizeBytes / readUnitBytes)) * (isConsistent ? 1 : 0.5) * factor

const writeUnits = (sizeBytes: number) => Math.max(1, Math.ceil(sizeBytes / writeUnitBytes))

export type Capacity = {
  readonly table: Table
  readonly tableUnits: number
  /** By index. */
  readonly indexUnits: ReadonlyMap<SecondaryIndex, number>
}

/** What a write costs: the larger of the item before and after, in the table and each index that it changes. */
export function writeCapacity(table: Table, { before, after }: Changed, factor = 1): Capacity {
  const size = Math.max(sizeOf(before), sizeOf(after))
  const indexUnits = new Map<SecondaryIndex, number>()
  for (const index of table.indexes) {
    const entries = [before, after].filter((item) => item && indexKeyOf(index.key, item))
    if (entries.length > 0 && before !== after) indexUnits.set(index, writeUnits(size) * factor)
  }
  return { table, tableUnits: writeUnits(size) * factor, indexUnits }
}

const sizeOf = (item: Item | undefined) => (item ? itemSizeBytes(item) : 0)

/** A read of a table, or of an index. */
export const readCapacity = (table: Table, units: number, index?: SecondaryIndex): Capacity =>
  index
    ? { table, tableUnits: 0, indexUnits: new Map([[index, units]]) }
    : { table, tableUnits: units, indexUnits: new Map() }

/** Several of one table as one. */
export function summed(table: Table, capacities: readonly Capacity[]): Capacity {
  const indexUnits = new Map<SecondaryIndex, number>()
  let tableUnits = 0
  for (const capacity of capacities) {
    tableUnits += capacity.tableUnits
    for (const [index, units] of capacity.indexUnits) indexUnits.set(index, (indexUnits.get(index) ?? 0) + units)
  }
  return { table, tableUnits, indexUnits }
}

/** `ConsumedCapacity` of an answer; undefined if nobody asked. */
export function capacityView(asked: CapacityAsked, { table, tableUnits, indexUnits }: Capacity) {
  if (asked === undefined || asked === 'NONE') return undefined
  const total = tableUnits + [...indexUnits.values()].reduce((sum, units) => sum + units, 0)
  if (asked === 'TOTAL') return { TableName: table.name, CapacityUnits: total }
  const view = (isGlobal: boolean) => {
    const chosen = [...indexUnits].filter(([index]) => index.isGlobal === isGlobal)
    return chosen.length === 0
      ? undefined
      : Object.fromEntries(chosen.map(([{ name }, units]) => [name, { CapacityUnits: units }]))
  }
  return {
    TableName: table.name,
    CapacityUnits: total,
    Table: { CapacityUnits: tableUnits },
    GlobalSecondaryIndexes: view(true),
    LocalSecondaryIndexes: view(false),
  }
}
