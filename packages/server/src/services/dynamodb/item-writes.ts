import { validationError } from '../../core/aws-error.ts'
import { type Item, soundItem } from './attribute-value.ts'
import { type CapacityAsked, capacityView, writeCapacity } from './consumed-capacity.ts'
import type { Path } from './document-path.ts'
import { invalidValue } from './faults.ts'
import { checkIndexKeys, type ItemKey, keyOf, keyOfItem } from './item-key.ts'
import { itemSizeBytes, itemSizeBytesMax } from './item-size.ts'
import type { Changed } from './item-store.ts'
import { project } from './projection.ts'
import { keyNames, type Table } from './table.ts'
import { applyUpdate, onlyRemoves, type Update } from './update.ts'

/* What PutItem, UpdateItem and DeleteItem do, alone, in batches and in transactions. */

/** What a client wants to put. @throws ValidationException */
export function soundPut(raw: Item): Item {
  const item = soundItem(raw)
  if (itemSizeBytes(item) > itemSizeBytesMax) throw validationError('Item size has exceeded the maximum allowed size')
  return item
}

/** Where an item that is to be put belongs. @throws ValidationException */
export function placeOfPut(table: Table, item: Item): ItemKey {
  const key = keyOfItem(table, item)
  checkIndexKeys(table, item)
  return key
}

/** Which item a client means. @throws ValidationException */
export const placeOfKey = (table: Table, key: Item): ItemKey => keyOf(table, soundItem(key))

/** An update may not touch the key. @throws ValidationException */
export function checkKeyIsKept(table: Table, update: Update): void {
  const names = keyNames(table.key)
  for (const { path } of update)
    if (names.includes(path[0]))
      throw invalidValue(`Cannot update attribute ${path[0]}. This attribute is part of the key`)
}

/**
 * The item after the update; `key` is what one begins with that is not there yet. Undefined where there is still none:
 * an update that only takes away makes no item. @throws ValidationException
 */
export function updated(table: Table, key: Item, update: Update, before: Item | undefined): Item | undefined {
  const after = applyUpdate(update, before ?? soundItem(key))
  if (before !== undefined && after === before) return before
  if (before === undefined && onlyRemoves(update)) return undefined
  if (itemSizeBytes(after) > itemSizeBytesMax)
    throw validationError('Item size to update has exceeded the maximum allowed size')
  checkIndexKeys(table, after)
  return after
}

export type ReturnValues = 'NONE' | 'ALL_OLD' | 'UPDATED_OLD' | 'ALL_NEW' | 'UPDATED_NEW'

/** `Attributes` of an answer; undefined where there are none to give. */
export function returnedAttributes(asked: ReturnValues, { before, after }: Changed, paths: readonly Path[] = []) {
  switch (asked) {
    case 'NONE':
      return undefined
    case 'ALL_OLD':
      return before
    case 'ALL_NEW':
      return after
    default: {
      const item = asked === 'UPDATED_OLD' ? before : after
      const chosen = item && project(item, paths)
      return chosen && Object.keys(chosen).length > 0 ? chosen : undefined
    }
  }
}

/** What all three answer. */
export const writeAnswer = (table: Table, changed: Changed, attributes: Item | undefined, capacity: CapacityAsked) => ({
  Attributes: attributes,
  ConsumedCapacity: capacityView(capacity, writeCapacity(table, changed)),
})

/** @throws ValidationException for a value that only UpdateItem knows */
export function checkReturnsOld(asked: ReturnValues): void {
  if (asked !== 'NONE' && asked !== 'ALL_OLD') throw validationError('ReturnValues can only be ALL_OLD or NONE')
}
