import { validationError } from '../../core/aws-error.ts'
import { canonicalNumber, compareNumbers } from './decimal.ts'

/**
 * A value as the wire has it, and as memory and disk keep it: one member, named for its type. Bytes are base64, numbers
 * are canonical (see decimal.ts).
 */
export type AttributeValue = {
  readonly S?: string
  readonly N?: string
  readonly B?: string
  readonly BOOL?: boolean
  readonly NULL?: boolean
  readonly SS?: readonly string[]
  readonly NS?: readonly string[]
  readonly BS?: readonly string[]
  readonly L?: readonly AttributeValue[]
  readonly M?: Item
}

/** Values by name. Its names come from clients: look into it with `attributeOf`, add to it with `setAttribute`. */
export type Item = { readonly [name: string]: AttributeValue }

export type AttributeType = 'S' | 'N' | 'B' | 'BOOL' | 'NULL' | 'SS' | 'NS' | 'BS' | 'L' | 'M'

/** In AWS's order, which shows in its sentences. */
export const attributeTypes: readonly AttributeType[] = ['S', 'N', 'B', 'SS', 'NS', 'BS', 'M', 'L', 'NULL', 'BOOL']

/** The type of a sound value. */
export function typeOf(value: AttributeValue): AttributeType {
  for (const type in value) return type as AttributeType
  throw new Error('a value has a type')
}

/** A name may be that of a member which every object has. */
export const attributeOf = (item: Item | undefined, name: string): AttributeValue | undefined =>
  item !== undefined && Object.hasOwn(item, name) ? item[name] : undefined

export type ItemDraft = Record<string, AttributeValue>

/**
 * Adds to an item that is being made. An attribute called `__proto__` is only an attribute; objects without a prototype
 * would do as well, and take three times the memory.
 */
export function setAttribute(item: ItemDraft, name: string, value: AttributeValue): void {
  if (name === '__proto__')
    Object.defineProperty(item, name, { value, enumerable: true, configurable: true, writable: true })
  else item[name] = value
}

/** How deep lists and maps may nest. */
const depthMax = 32

/**
 * What a client sent → a sound value: one type, canonical numbers, sets without repetition. `isKey` is for the reader of
 * the sentence only: an empty text is refused elsewhere, where it is known which attributes are keys.
 * @throws ValidationException
 */
export function soundValue(raw: AttributeValue, depth = 0): AttributeValue {
  const given = attributeTypes.filter((type) => raw[type] !== undefined)
  if (given.length === 0)
    throw validationError('Supplied AttributeValue is empty, must contain exactly one of the supported datatypes')
  if (depth > depthMax)
    throw validationError(
      'Nesting Levels have exceeded supported limits: Attributes nested within the document exceed the ' +
        `limit of ${depthMax} levels`,
    )
  const [type] = given as [AttributeType]
  const sound = soundMember(type, raw, depth)
  if (given.length > 1)
    throw validationError(
      'Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes',
    )
  return sound
}

function soundMember(type: AttributeType, raw: AttributeValue, depth: number): AttributeValue {
  switch (type) {
    case 'N':
      return { N: canonicalNumber(raw.N!) }
    case 'NULL':
      if (!raw.NULL)
        throw validationError(
          'One or more parameter values were invalid: Null attribute value types must have the value of true',
        )
      return raw
    case 'SS':
      return { SS: soundSet(raw.SS!, 'An string set  may not be empty', (all) => inputCollection(all)) }
    case 'NS':
      return {
        NS: soundSet(raw.NS!.map(canonicalNumber), 'An number set  may not be empty', () =>
          validationError('Input collection contains duplicates'),
        ),
      }
    case 'BS':
      return { BS: soundSet(raw.BS!, 'Binary sets should not be empty', (all) => inputCollection(all, 'of type BS ')) }
    case 'L':
      return { L: raw.L!.map((member) => soundValue(member, depth + 1)) }
    case 'M':
      return { M: soundItem(raw.M!, depth + 1) }
    default:
      return { [type]: raw[type] }
  }
}

const inputCollection = (all: readonly string[], type = '') =>
  validationError(
    `One or more parameter values were invalid: Input collection [${all.join(', ').slice(0, 1024)}]${type === '' ? ' ' : type}` +
      'contains duplicates.',
  )

function soundSet(members: readonly string[], whenEmpty: string, repeated: (all: readonly string[]) => Error) {
  if (members.length === 0) throw validationError(`One or more parameter values were invalid: ${whenEmpty}`)
  if (new Set(members).size < members.length) throw repeated(members)
  return members
}

/** All attributes of an item, each sound. @throws ValidationException */
export function soundItem(raw: Item, depth = 0): Item {
  const sound: ItemDraft = {}
  for (const name in raw) {
    if (name === '' && depth === 0)
      throw validationError('One or more parameter values were invalid: An attribute name cannot be empty')
    setAttribute(sound, name, soundValue(raw[name]!, depth))
  }
  return sound
}

/** Equal as DynamoDB sees it: sets and maps have no order, numbers are compared by value. */
export function equal(a: AttributeValue, b: AttributeValue): boolean {
  const type = typeOf(a)
  if (b[type] === undefined) return false
  switch (type) {
    case 'SS':
    case 'NS':
    case 'BS':
      return a[type]!.length === b[type]!.length && new Set([...a[type]!, ...b[type]!]).size === a[type]!.length
    case 'L':
      return a.L!.length === b.L!.length && a.L!.every((member, i) => equal(member, b.L![i]!))
    case 'M': {
      const names = Object.keys(a.M!)
      const other = (name: string) => attributeOf(b.M, name)
      return (
        names.length === Object.keys(b.M!).length &&
        names.every((name) => other(name) !== undefined && equal(a.M![name]!, other(name)!))
      )
    }
    default:
      return a[type] === b[type]
  }
}

/** Below, at or above zero for two texts, numbers or byte strings; undefined where there is no order. */
export function compare(a: AttributeValue, b: AttributeValue): number | undefined {
  if (a.N !== undefined && b.N !== undefined) return compareNumbers(a.N, b.N)
  if (a.S !== undefined && b.S !== undefined) return Buffer.compare(Buffer.from(a.S), Buffer.from(b.S))
  if (a.B !== undefined && b.B !== undefined) return Buffer.compare(bytesOf(a.B), bytesOf(b.B))
  return undefined
}

export const bytesOf = (base64: string): Buffer => Buffer.from(base64, 'base64')

/** As AWS writes a value in its sentences: `{S:text}`. */
export const describeValue = (value: AttributeValue): string => {
  const type = typeOf(value)
  const content = value[type]
  return `{${type}:${typeof content === 'object' ? JSON.stringify(content) : content}}`.slice(0, 1024)
}
