import type { Json } from '../../storage/catalog.ts'

/** The attributes of a key: of a table, or of an index. */
export type KeySchema = { readonly partition: string; readonly sort?: string | undefined }

export type KeyType = 'S' | 'N' | 'B'

export type Throughput = { readonly readUnits: number; readonly writeUnits: number }

export type Projection = {
  readonly type: 'ALL' | 'KEYS_ONLY' | 'INCLUDE'
  readonly nonKeyAttributes?: readonly string[] | undefined
}

export type SecondaryIndex = {
  readonly name: string
  readonly isGlobal: boolean
  readonly key: KeySchema
  readonly projection: Projection
  readonly throughput?: Throughput | undefined
  /** Until then CREATING and backfilling, though its entries are all there: clients wait to see it end. */
  readonly activeAtMs: number
  /** DELETING until then, and gone after. */
  readonly goneAtMs?: number | undefined
}

/** A table, as the catalog keeps it. Its states end with time: nothing need be written for that. */
export type Table = {
  readonly id: string
  readonly name: string
  readonly createdAtMs: number
  /** Types of key attributes, in the order in which they were declared. */
  readonly attributes: readonly (readonly [name: string, type: KeyType])[]
  readonly key: KeySchema
  readonly indexes: readonly SecondaryIndex[]
  readonly billingMode: 'PROVISIONED' | 'PAY_PER_REQUEST'
  readonly billingChangedAtMs?: number | undefined
  readonly throughput: Throughput
  readonly tableClass?: 'STANDARD' | 'STANDARD_INFREQUENT_ACCESS' | undefined
  readonly isDeletionProtected: boolean
  readonly tags: readonly (readonly [key: string, value: string])[]
  readonly timeToLive?: TimeToLive | undefined
  readonly pointInTimeRecovery?: { readonly enabledAtMs: number; readonly days: number } | undefined
  /** CREATING until then. */
  readonly activeAtMs: number
  /** UPDATING until then. */
  readonly updatedAtMs?: number | undefined
  /** DELETING until then, and gone after. */
  readonly goneAtMs?: number | undefined
}

export type TimeToLive = { readonly attribute: string; readonly isEnabled: boolean; readonly changedAtMs: number }

export type TableStatus = 'CREATING' | 'UPDATING' | 'DELETING' | 'ACTIVE'

export function statusOf(table: Table, nowMs: number): TableStatus {
  if (table.goneAtMs !== undefined) return 'DELETING'
  if (nowMs < table.activeAtMs) return 'CREATING'
  const { updatedAtMs = 0 } = table
  return nowMs < updatedAtMs ? 'UPDATING' : 'ACTIVE'
}

export const isGone = ({ goneAtMs }: Pick<Table, 'goneAtMs'>, nowMs: number): boolean =>
  goneAtMs !== undefined && goneAtMs <= nowMs

export function indexStatusOf(index: SecondaryIndex, nowMs: number): TableStatus {
  if (index.goneAtMs !== undefined) return 'DELETING'
  return nowMs < index.activeAtMs ? 'CREATING' : 'ACTIVE'
}

/** Those that are there, in whatever state. */
export const indexesOf = (table: Table, nowMs: number): SecondaryIndex[] =>
  table.indexes.filter((index) => !isGone(index, nowMs))

export const attributeTypeOf = ({ attributes }: Table, name: string): KeyType =>
  attributes.find(([attribute]) => attribute === name)![1]

export const keyNames = ({ partition, sort }: KeySchema): string[] =>
  sort === undefined ? [partition] : [partition, sort]

/** The table without types of attributes that are in no key any more. */
export function withUsedAttributes(table: Table): Table {
  const used = new Set([table.key, ...table.indexes.map(({ key }) => key)].flatMap(keyNames))
  return { ...table, attributes: table.attributes.filter(([name]) => used.has(name)) }
}

export const encodeTable = (table: Table): Json => table as unknown as Json
export const decodeTable = (value: Json): Table => value as unknown as Table
