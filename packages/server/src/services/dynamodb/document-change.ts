import assert from 'node:assert/strict'
import { validationError } from '../../core/aws-error.ts'
import { type AttributeValue, attributeOf, type Item, type ItemDraft, setAttribute } from './attribute-value.ts'
import type { Path } from './document-path.ts'

/* Items are never changed in place: each change copies the levels on its way. */

/**
 * The item with a value at the path; behind a list's end it is appended. @throws ValidationException where nothing
 * stands that could hold it
 */
export function withValueAt(item: Item, path: Path, value: AttributeValue): Item {
  return changedMap(item, path, 0, (holder, step) => {
    if (typeof step === 'number')
      return { L: step < holder.L!.length ? holder.L!.with(step, value) : [...holder.L!, value] }
    const map = mapOf(holder)
    setAttribute(map, step, value)
    return { M: map }
  })
}

/** The item with nothing at the path. @throws ValidationException where what should hold it is not there */
export function withoutValueAt(item: Item, path: Path): Item {
  return changedMap(item, path, 0, (holder, step) => {
    if (typeof step === 'number') return { L: holder.L!.filter((_, i) => i !== step) }
    const map = mapOf(holder)
    delete map[step]
    return { M: map }
  })
}

const mapOf = ({ M }: AttributeValue): ItemDraft => ({ ...M! })

type Change = (holder: AttributeValue, step: string | number) => AttributeValue

/** The item as a map, changed where the last step of the path leads. */
const changedMap = (item: Item, path: Path, from: number, change: Change): Item =>
  changedValue({ M: item }, path, from, change).M!

function changedValue(holder: AttributeValue, path: Path, from: number, change: Change): AttributeValue {
  const step = path[from]
  assert(step !== undefined, 'a path leads somewhere')
  const members = typeof step === 'number' ? holder.L : holder.M
  if (members === undefined) throw invalidPath()
  if (from === path.length - 1) return change(holder, step)
  const inner = typeof step === 'number' ? holder.L![step] : attributeOf(holder.M, step)
  if (inner === undefined) throw invalidPath()
  const changed = changedValue(inner, path, from + 1, change)
  if (typeof step === 'number') return { L: holder.L!.with(step, changed) }
  const map = mapOf(holder)
  setAttribute(map, step, changed)
  return { M: map }
}

const invalidPath = () => validationError('The document path provided in the update expression is invalid for update')
