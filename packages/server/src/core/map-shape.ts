import { checkLength, describe, isObject, type Shape, serializationError, violation } from './shapes.ts'

/** Text to whatever `member` says, in order of arrival. A Map, so that a key called `__proto__` is only a key. */
export function map<T>(
  key: { min?: number; max?: number; pattern?: string },
  member: Shape<T>,
  limits: { min?: number; max?: number } = {},
): Shape<Map<string, T>> {
  const pattern = key.pattern === undefined ? undefined : new RegExp(`^(?:${key.pattern})$`, 'u')
  const isKey = (name: string) =>
    name.length >= (key.min ?? 0) &&
    name.length <= (key.max ?? Number.POSITIVE_INFINITY) &&
    (pattern === undefined || pattern.test(name))
  return {
    required: true,
    form: { kind: 'map', member },
    decode(given, wire) {
      const raw = wire.entries?.(given) ?? given
      if (Array.isArray(raw)) throw serializationError('Start of list found where not expected')
      if (!isObject(raw)) throw serializationError('Expected map or null')
      const decoded = new Map<string, T>()
      for (const name of Object.keys(raw)) {
        const value = raw[name]
        if (value !== null && value !== undefined) decoded.set(name, member.decode(value, wire))
      }
      return decoded
    },
    check(value, path, violations) {
      checkLength(value.size, () => describe(Object.fromEntries(value)), limits, path, violations)
      for (const [name, each] of value) {
        if (!isKey(name)) violations.push(violation(describe([...value.keys()]), path, keyRule(key)))
        member.check(each, `${path}.${name}.member`, violations)
      }
    },
  }
}

/** In the order in which AWS names them. */
function keyRule({ min, max, pattern }: { min?: number; max?: number; pattern?: string }): string {
  const rules: string[] = []
  if (max !== undefined) rules.push(`Member must have length less than or equal to ${max}`)
  if (min !== undefined) rules.push(`Member must have length greater than or equal to ${min}`)
  if (pattern !== undefined) rules.push(`Member must satisfy regular expression pattern: ${pattern}`)
  return `Map keys must satisfy constraint: [${rules.join(', ')}]`
}

/** A shape that contains itself, e.g. DynamoDB's AttributeValue: `make` is called when it is first needed. */
export function recursive<T>(make: () => Shape<T>): Shape<T> {
  let made: Shape<T> | undefined
  const shape = () => {
    made ??= make()
    return made
  }
  return {
    required: true,
    decode: (value, wire) => shape().decode(value, wire),
    check: (value, path, violations) => shape().check(value, path, violations),
  }
}
