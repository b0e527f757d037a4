import { AwsError } from './aws-error.ts'

/*
 * The input of an operation, declared once: from it come the TypeScript type of what the handler receives, AWS's
 * SerializationException for a wrong type, and AWS's ValidationException for a broken constraint. AWS checks in that
 * order, all types before any constraint, and names all broken constraints in one sentence.
 */

/** Turns a decoded body's leaves into values: the only thing in which the wires differ. */
export interface Wire {
  blob(value: unknown): Uint8Array
  timestamp(value: unknown): Date
  /** Only where numbers are text (Query, a REST path): text → number, undefined if it is none. */
  number?(text: string): number | undefined
  /** Only where lists have a form of their own (Query): value → its items, undefined if it is no list. */
  list?(value: unknown): readonly unknown[] | undefined
  /** Only where maps have a form of their own (Query): value → an object, undefined if it is no map. */
  entries?(value: unknown): Readonly<Record<string, unknown>> | undefined
}

/**
 * What may be known of a shape from outside: readers of bodies fill it straight from the bytes (see protocols/json-reader.ts),
 * tests look for every member. `text` and `records` say nothing of a text's constraints: those are checked afterwards.
 */
export type Form =
  | { readonly kind: 'structure'; readonly members: Readonly<Record<string, Shape<unknown>>> }
  | { readonly kind: 'text' | 'blob' }
  | { readonly kind: 'list' | 'map'; readonly member: Shape<unknown> }
  | {
      readonly kind: 'records'
      readonly countMax: number
      readonly dataBytesMax: number
      readonly keyLengthMax: number
    }

export interface Shape<T> {
  /** Absent: it is decoded from a parsed value only. */
  readonly form?: Form | undefined
  /** Is it an error to leave it out? */
  readonly required: boolean
  /** A wire value (never null or undefined) → a value of this type. @throws SerializationException */
  decode(value: unknown, wire: Wire): T
  /** Adds a sentence for each constraint that the value breaks; `path` is AWS's, e.g. `records.3.member.data`. */
  check(value: T, path: string, violations: string[]): void
}

export type ValueOf<S> = S extends Shape<infer T> ? T : never

/** AWS names at most this many broken constraints in one answer. */
const violationsMax = 10

/** Decodes an operation's input and checks all of it. @throws SerializationException, ValidationException */
export const parseInput = <T>(shape: Shape<T>, body: unknown, wire: Wire): T => checked(shape, shape.decode(body, wire))

/** An input that keeps all constraints. @throws ValidationException */
export function checked<T>(shape: Shape<T>, input: T): T {
  const broken = faultOf(shape, input)
  if (broken) throw broken
  return input
}

/** What is wrong with an input that was decoded: a ValidationException, or undefined if it keeps all constraints. */
export function faultOf<T>(shape: Shape<T>, input: T): AwsError | undefined {
  const violations: string[] = []
  shape.check(input, '', violations)
  return violations.length > 0 ? constraintsBroken(violations) : undefined
}

export function constraintsBroken(violations: readonly string[]): AwsError {
  const named = violations.slice(0, violationsMax)
  const errors = `${named.length} validation error${named.length > 1 ? 's' : ''} detected: `
  return new AwsError('ValidationException', errors + named.join('; '))
}

/** `Value 'v' at 'path' failed to satisfy constraint: …` */
export const violation = (value: string | null, path: string, constraint: string) =>
  `Value ${value === null ? 'null' : `'${value}'`} at '${path}' failed to satisfy constraint: ${constraint}`

export const serializationError = (message: string) => new AwsError('SerializationException', message)

/** May be left out: the handler sees `undefined`. */
export function optional<T>(shape: Shape<T>): Shape<T | undefined> {
  return {
    required: false,
    form: shape.form,
    decode: (value, wire) => shape.decode(value, wire),
    check: (value, path, violations) => {
      if (value !== undefined) shape.check(value, path, violations)
    },
  }
}

type StringLimits = {
  readonly min?: number
  readonly max?: number
  /** AWS's own: it is told in errors. */
  readonly pattern?: string
  /** The same texts, in linear time: for a pattern that would take the square of a text's length, or worse. */
  readonly linear?: string
}

export function string(limits: StringLimits = {}): Shape<string> {
  const { linear = limits.pattern } = limits
  const pattern = linear === undefined ? undefined : new RegExp(`^(?:${linear})$`, 'u')
  return {
    required: true,
    form: { kind: 'text' },
    decode(value) {
      if (typeof value === 'string') return value
      throw wrongType(value, 'String')
    },
    check(value, path, violations) {
      checkLength(value.length, () => value, limits, path, violations)
      // A value that is too long is told so, and not held against the pattern: patterns never meet unbounded input.
      if (pattern && value.length <= (limits.max ?? stringLengthMax) && !pattern.test(value))
        violations.push(violation(value, path, `Member must satisfy regular expression pattern: ${limits.pattern}`))
    },
  }
}

const stringLengthMax = 4096

export function enumeration<const V extends string>(...values: V[]): Shape<V> {
  return {
    required: true,
    decode(value) {
      if (typeof value === 'string') return value as V
      throw wrongType(value, 'String')
    },
    check(value, path, violations) {
      if (!values.includes(value))
        violations.push(violation(value, path, `Member must satisfy enum value set: [${values.join(', ')}]`))
    },
  }
}

export function integer(limits: { min?: number; max?: number } = {}): Shape<number> {
  return {
    required: true,
    decode(value, wire) {
      if (typeof value === 'bigint') return clampInteger(Number(value))
      if (typeof value === 'number') return clampInteger(value)
      const number = typeof value === 'string' && wire.number ? wire.number(value) : undefined
      if (number !== undefined) return clampInteger(number)
      throw wrongType(value, 'Integer')
    },
    check(value, path, violations) {
      const { min, max } = limits
      if (min !== undefined && value < min)
        violations.push(violation(`${value}`, path, `Member must have value greater than or equal to ${min}`))
      if (max !== undefined && value > max)
        violations.push(violation(`${value}`, path, `Member must have value less than or equal to ${max}`))
    },
  }
}

/** AWS's front end reads numbers into Java's Integer: fractions are cut off, what is too large is clamped, NaN is 0. */
const clampInteger = (value: number) => Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.floor(value))) || 0

export function boolean(): Shape<boolean> {
  return {
    required: true,
    decode(value) {
      if (typeof value === 'boolean') return value
      if (typeof value !== 'string') throw wrongType(value, 'Boolean')
      const word = value.toUpperCase()
      if (!booleanWords.has(word))
        throw serializationError(`'${word.slice(0, 100)}' can not be converted to an Boolean`)
      return booleanWords.get(word)!
    },
    check() {},
  }
}

/** Words that AWS's front end takes for a boolean, in any case of letters. */
const booleanWords = new Map([
  ['TRUE', true],
  ['YES', true],
  ['1', true],
  ['FALSE', false],
  ['NO', false],
  ['0', false],
])

/** Bytes: base64 in JSON, a byte string in CBOR. */
export function blob(limits: { max?: number } = {}): Shape<Uint8Array> {
  return {
    required: true,
    form: { kind: 'blob' },
    decode: (value, wire) => wire.blob(value),
    check(value, path, violations) {
      const size = value.byteLength
      checkLength(size, () => `java.nio.HeapByteBuffer[pos=0 lim=${size} cap=${size}]`, limits, path, violations)
    },
  }
}

export function timestamp(): Shape<Date> {
  return { required: true, decode: (value, wire) => wire.timestamp(value), check() {} }
}

/**
 * `memberRule`: for lists of texts, AWS names the whole list and this rule instead of the member that breaks it, e.g.
 * `[Member must have length less than or equal to 128, …]`.
 */
export function list<T>(
  member: Shape<T>,
  limits: { min?: number; max?: number; memberRule?: string } = {},
): Shape<T[]> {
  return {
    required: true,
    form: { kind: 'list', member },
    decode(given, wire) {
      const value = wire.list?.(given) ?? given
      if (!Array.isArray(value)) {
        if (isObject(value)) throw serializationError('Start of structure or map found where not expected.')
        throw serializationError('Expected list or null')
      }
      const decoded = new Array<T>(value.length)
      for (let i = 0; i < value.length; i++) {
        if (value[i] === null || value[i] === undefined) throw serializationError('Unexpected null in a list')
        decoded[i] = member.decode(value[i], wire)
      }
      return decoded
    },
    check(value, path, violations) {
      checkLength(value.length, () => describe(value), limits, path, violations)
      const found: string[] = limits.memberRule === undefined ? violations : []
      for (let i = 0; i < value.length && found.length < violationsMax; i++)
        member.check(value[i]!, `${path}.${i + 1}.member`, found)
      if (limits.memberRule !== undefined && found.length > 0)
        violations.push(violation(describe(value), path, `Member must satisfy constraint: ${limits.memberRule}`))
    },
  }
}

/** String to string, in order of arrival. A Map, so that a key called `__proto__` is only a key. */
export function stringMap(
  key: { min: number; max: number },
  value: { min: number; max: number },
  limits: { min?: number; max?: number } = {},
): Shape<Map<string, string>> {
  return {
    required: true,
    form: { kind: 'map', member: string() },
    decode(given, wire) {
      const raw = wire.entries?.(given) ?? given
      if (Array.isArray(raw)) throw serializationError('Start of list found where not expected')
      if (!isObject(raw)) throw serializationError('Expected map or null')
      const decoded = new Map<string, string>()
      for (const [name, text] of Object.entries(raw)) {
        if (text === null || text === undefined) continue
        if (typeof text !== 'string') throw wrongType(text, 'String')
        decoded.set(name, text)
      }
      return decoded
    },
    check(map, path, violations) {
      checkLength(map.size, () => describeMap(map), limits, path, violations)
      const keyRule = lengthRule(key)
      const valueRule = lengthRule(value)
      const keys = [...map.keys()]
      if (keys.some((name) => name.length < key.min || name.length > key.max))
        violations.push(violation(describeMap(map), path, `Map keys must satisfy constraint: ${keyRule}`))
      if ([...map.values()].some((text) => text.length < value.min || text.length > value.max))
        violations.push(violation(describeMap(map), path, `Map value must satisfy constraint: ${valueRule}`))
    },
  }
}

const lengthRule = ({ min, max }: { min: number; max: number }) =>
  `[Member must have length less than or equal to ${max}, Member must have length greater than or equal to ${min}]`

// biome-ignore lint/suspicious/noExplicitAny: the members' types are inferred, each from its own shape
export function structure<M extends Record<string, Shape<any>>>(
  members: M,
): Shape<{ readonly [K in keyof M]: ValueOf<M[K]> }> {
  type Value = { readonly [K in keyof M]: ValueOf<M[K]> }
  const entries = Object.entries(members).map(([name, shape]) => ({ name, shape, path: camelCase(name) }))
  return {
    required: true,
    form: { kind: 'structure', members },
    decode(value, wire) {
      if (Array.isArray(value)) throw serializationError('Start of list found where not expected')
      if (!isObject(value)) throw serializationError('Expected null')
      // Only declared members are read, into a fresh object: nothing that a client names can reach a prototype.
      const decoded: Record<string, unknown> = {}
      for (const { name, shape } of entries) {
        const member = Object.hasOwn(value, name) ? value[name] : undefined
        decoded[name] = member === null || member === undefined ? undefined : shape.decode(member, wire)
      }
      return decoded as Value
    },
    check(value, path, violations) {
      const prefix = path === '' ? '' : `${path}.`
      for (const { name, shape, path: last } of entries) {
        const member = value[name]
        if (member !== undefined) shape.check(member, prefix + last, violations)
        else if (shape.required) violations.push(violation(null, prefix + last, 'Member must not be null'))
      }
    },
  }
}

/** AWS's paths begin with a small letter: StreamName → streamName, StreamARN → streamARN. */
const camelCase = (name: string) => name.charAt(0).toLowerCase() + name.slice(1)

export function checkLength(
  length: number,
  describeValue: () => string,
  { min, max }: { min?: number; max?: number },
  path: string,
  violations: string[],
): void {
  if (min !== undefined && length < min)
    violations.push(violation(describeValue(), path, `Member must have length greater than or equal to ${min}`))
  if (max !== undefined && length > max)
    violations.push(violation(describeValue(), path, `Member must have length less than or equal to ${max}`))
}

/** As Java prints it: `[a, b]`, `{k=v}`. Bounded: an answer never carries a whole body back. */
export function describe(value: unknown): string {
  const text = Array.isArray(value)
    ? `[${value.slice(0, 10).map(describe).join(', ')}]`
    : value instanceof Uint8Array
      ? `java.nio.HeapByteBuffer[pos=0 lim=${value.byteLength} cap=${value.byteLength}]`
      : isObject(value)
        ? `{${Object.entries(value)
            .filter(([, member]) => member !== undefined)
            .map(([name, member]) => `${name}=${describe(member)}`)
            .join(', ')}}`
        : String(value)
  return text.slice(0, describedLengthMax)
}

const describedLengthMax = 1024

const describeMap = (map: Map<string, string>) =>
  `{${[...map].map(([name, text]) => `${name}=${text}`).join(', ')}}`.slice(0, describedLengthMax)

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !(value instanceof Uint8Array) && !(value instanceof Date)

/** AWS's words for a value of the wrong type; the article is AWS's too. */
export function wrongType(
  value: unknown,
  wanted: 'String' | 'Integer' | 'Long' | 'Double' | 'Boolean' | 'Blob' | 'timestamp',
): AwsError {
  if (Array.isArray(value)) return serializationError('Start of list found where not expected')
  if (isObject(value)) return serializationError('Start of structure or map found where not expected.')
  const target = wanted === 'timestamp' ? 'milliseconds since epoch' : wanted === 'Blob' ? 'a Blob' : `an ${wanted}`
  return serializationError(`class ${javaClass(value)} can not be converted to ${target}`)
}

/** AWS reads every number into a class of its own. */
function javaClass(value: unknown): string {
  if (typeof value === 'boolean') return 'java.lang.Boolean'
  if (typeof value === 'number' || typeof value === 'bigint')
    return 'com.amazon.coral.value.json.numbers.TruncatingBigNumber'
  return 'java.lang.String'
}
