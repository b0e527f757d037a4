import { validationError } from '../../core/aws-error.ts'
import { type AttributeValue, type Item, typeOf } from './attribute-value.ts'
import { addNumbers, subtractNumbers } from './decimal.ts'
import { withoutValueAt, withValueAt } from './document-change.ts'
import { type Path, valueAt } from './document-path.ts'

/* What UpdateItem does to an item: UpdateExpression, and the older AttributeUpdates. */

export type UpdateOperand =
  | { readonly kind: 'path'; readonly path: Path }
  | { readonly kind: 'value'; readonly value: AttributeValue }
  | { readonly kind: 'if_not_exists'; readonly path: Path; readonly otherwise: UpdateOperand }
  | { readonly kind: 'list_append' | '+' | '-'; readonly left: UpdateOperand; readonly right: UpdateOperand }

export type UpdateAction =
  | { readonly kind: 'SET'; readonly path: Path; readonly operand: UpdateOperand }
  | { readonly kind: 'REMOVE'; readonly path: Path }
  /** `appendsLists`: AttributeUpdates may also add to the end of a list. */
  | { readonly kind: 'ADD'; readonly path: Path; readonly value: AttributeValue; readonly appendsLists?: boolean }
  | { readonly kind: 'DELETE'; readonly path: Path; readonly value: AttributeValue }

export type Update = readonly UpdateAction[]

/**
 * The item after all actions; each sees the values from before the update. What is appended to one list comes in the
 * order of the places it was given, not of the expression. @throws ValidationException where an action does not fit
 * what is there
 */
export function applyUpdate(update: Update, before: Item): Item {
  let item = before
  const removals: Path[] = []
  for (const action of [...update].sort((a, b) => byPlace(a.path, b.path))) {
    if (action.kind === 'REMOVE') removals.push(action.path)
    else if (action.kind === 'SET') item = withValueAt(item, action.path, operandValue(action.operand, before))
    else {
      const value = valueAt(before, action.path)
      const next = action.kind === 'ADD' ? added(value, action) : deleted(value, action.value)
      if (next !== undefined && next !== value) item = withValueAt(item, action.path, next)
      else if (next === undefined && value !== undefined) removals.push(action.path)
    }
  }
  // The last places of a list first, so that the others stay where they were when the update was written.
  for (const path of removals.sort((a, b) => byPlace(b, a))) item = withoutValueAt(item, path)
  return item
}

/** Whether an update only takes away: it then makes no item where none is. */
export const onlyRemoves = (update: Update) =>
  update.length > 0 && update.every(({ kind }) => kind === 'REMOVE' || kind === 'DELETE')

/** The paths of one list together, by their place in it. */
function byPlace(a: Path, b: Path): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [left, right] = [a[i]!, b[i]!]
    if (left === right) continue
    if (typeof left === 'number' && typeof right === 'number') return left - right
    return left < right ? -1 : 1
  }
  return a.length - b.length
}

function operandValue(operand: UpdateOperand, item: Item): AttributeValue {
  switch (operand.kind) {
    case 'value':
      return operand.value
    case 'path': {
      const value = valueAt(item, operand.path)
      if (value === undefined)
        throw validationError('The provided expression refers to an attribute that does not exist in the item')
      return value
    }
    case 'if_not_exists':
      return valueAt(item, operand.path) ?? operandValue(operand.otherwise, item)
    case 'list_append': {
      const [left, right] = [operandValue(operand.left, item), operandValue(operand.right, item)]
      if (left.L === undefined || right.L === undefined) throw wrongOperandType()
      return { L: [...left.L, ...right.L] }
    }
    default: {
      const [left, right] = [operandValue(operand.left, item), operandValue(operand.right, item)]
      if (left.N === undefined || right.N === undefined) throw wrongOperandType()
      return { N: operand.kind === '+' ? addNumbers(left.N, right.N) : subtractNumbers(left.N, right.N) }
    }
  }
}

const wrongOperandType = () => validationError('An operand in the update expression has an incorrect data type')

const setTypes = ['SS', 'NS', 'BS'] as const

function added(
  value: AttributeValue | undefined,
  { value: addend, appendsLists = false }: Extract<UpdateAction, { kind: 'ADD' }>,
): AttributeValue {
  if (value === undefined) return addend
  if (typeOf(value) !== typeOf(addend)) throw appendsLists ? typeMismatch() : wrongOperandType()
  if (value.N !== undefined) return { N: addNumbers(value.N, addend.N!) }
  if (appendsLists && value.L !== undefined) return { L: [...value.L, ...addend.L!] }
  for (const type of setTypes) {
    const members = value[type]
    if (members !== undefined) return { [type]: [...new Set([...members, ...addend[type]!])] }
  }
  throw wrongOperandType()
}

const typeMismatch = () => validationError('Type mismatch for attribute to update')

/** What is left of a set; undefined if nothing is. */
function deleted(value: AttributeValue | undefined, taken: AttributeValue): AttributeValue | undefined {
  if (value === undefined) return undefined
  if (typeOf(value) !== typeOf(taken)) throw wrongOperandType()
  for (const type of setTypes) {
    const members = value[type]
    if (members === undefined) continue
    const left = members.filter((member) => !taken[type]!.includes(member))
    return left.length === 0 ? undefined : { [type]: left }
  }
  throw wrongOperandType()
}
