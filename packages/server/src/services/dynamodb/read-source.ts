import { validationError } from '../../core/aws-error.ts'
import { attributeOf, type Item, soundItem } from './attribute-value.ts'
import { indexIsBackfilling, indexNotFound, invalidValue } from './faults.ts'
import { indexKeyOf, keyAttributes, keyOf } from './item-key.ts'
import { type ItemStore, idOf } from './item-store.ts'
import { partitionHash } from './key-order.ts'
import { project } from './projection.ts'
import {
  attributeTypeOf,
  indexesOf,
  indexStatusOf,
  type KeySchema,
  keyNames,
  type SecondaryIndex,
  type Table,
} from './table.ts'
import type { Entries, Entry } from './table-items.ts'

export type Select = 'ALL_ATTRIBUTES' | 'ALL_PROJECTED_ATTRIBUTES' | 'SPECIFIC_ATTRIBUTES' | 'COUNT'

export type SourceInput = {
  readonly IndexName?: string | undefined
  readonly ConsistentRead?: boolean | undefined
  readonly Select?: Select | undefined
  readonly ProjectionExpression?: string | undefined
  readonly AttributesToGet?: readonly string[] | undefined
}

/** What a Query or a Scan reads: a table, or one of its indexes. */
export type ReadSource = {
  readonly table: Table
  readonly index: SecondaryIndex | undefined
  readonly key: KeySchema
  readonly entries: Entries
  /** What of an item can be seen here. */
  readonly visible: (item: Item) => Item
}

/** @throws ValidationException for an index that is not there, not ready, or cannot do what is asked */
export function openSource(items: ItemStore, table: Table, input: SourceInput, nowMs: number): ReadSource {
  const { IndexName: name } = input
  if (name === undefined) {
    if (input.Select === 'ALL_PROJECTED_ATTRIBUTES')
      throw validationError('ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName')
    return { table, index: undefined, key: table.key, entries: items.entries(table), visible: (item) => item }
  }
  const index = indexesOf(table, nowMs).find((each) => each.name === name)
  if (!index) throw indexNotFound(name)
  if (indexStatusOf(index, nowMs) === 'CREATING') throw indexIsBackfilling(name)
  if (index.isGlobal && input.ConsistentRead)
    throw validationError('Consistent reads are not supported on global secondary indexes')
  if (index.isGlobal && input.Select === 'ALL_ATTRIBUTES' && index.projection.type !== 'ALL')
    throw invalidValue(
      `Select type ALL_ATTRIBUTES is not supported for global secondary index ${name} because its projection type is ` +
        'not ALL',
    )
  // What a local index does not hold is fetched from the table where it is asked for; of a global one it is refused.
  const isNamed = input.ProjectionExpression !== undefined || input.AttributesToGet !== undefined
  const isFetched = input.Select === 'ALL_ATTRIBUTES' || (isNamed && !index.isGlobal)
  const isWhole = index.projection.type === 'ALL' || isFetched
  const paths = projectedNames(table, index).map((attribute) => [attribute] as const)
  return {
    table,
    index,
    key: index.key,
    entries: items.entries(table, name),
    visible: isWhole ? (item) => item : (item) => project(item, paths),
  }
}

function projectedNames(table: Table, { key, projection }: SecondaryIndex): string[] {
  return [...new Set([...keyNames(table.key), ...keyNames(key), ...(projection.nonKeyAttributes ?? [])])]
}

/** A global index gives only what it holds. @throws ValidationException */
export function checkProjected({ table, index }: ReadSource, names: readonly string[]): void {
  if (!index?.isGlobal || index.projection.type === 'ALL') return
  const held = projectedNames(table, index)
  const missing = names.filter((name) => !held.includes(name))
  if (missing.length > 0)
    throw invalidValue(`Global secondary index ${index.name} does not project [${missing.join(', ')}]`)
}

/** `LastEvaluatedKey`: where the next page begins. */
export const keyOfEntry = ({ table, index }: ReadSource, { item }: Entry): Item =>
  index ? keyAttributes(item, table.key, index.key) : keyAttributes(item, table.key)

/** The place that an ExclusiveStartKey names; no item need be there any more. @throws ValidationException */
export function placeOfStart({ table, index, key }: ReadSource, raw: Item): Entry {
  let start: Item
  try {
    start = soundItem(raw)
  } catch (error) {
    throw validationError(`The provided starting key is invalid: ${(error as Error).message}`)
  }
  const wanted = new Set([...keyNames(table.key), ...keyNames(key)])
  const fits =
    Object.keys(start).length === wanted.size &&
    [...wanted].every((name) => attributeOf(start, name)?.[attributeTypeOf(table, name)] !== undefined)
  const place = fits ? indexKeyOf(key, start) : undefined
  if (!place)
    throw validationError(
      index
        ? 'The provided starting key is invalid'
        : 'The provided starting key is invalid: The provided key element does not match the schema',
    )
  const id = idOf(table, keyOf(table, keyAttributes(start, table.key)))
  return { ...place, hash: partitionHash(place.partition), id, item: start, sizeBytes: 0 }
}
