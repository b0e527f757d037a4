import { type Shape, serializationError, violation, type Wire, wrongType } from './shapes.ts'

/* Numbers beside `integer()`: AWS's Double and Long. */

/** A floating-point number; in JSON also the texts `NaN`, `Infinity` and `-Infinity`, which JSON has no numbers for. */
export function double(limits: { min?: number; max?: number } = {}): Shape<number> {
  return {
    required: true,
    decode(value, wire) {
      if (typeof value === 'number') return value
      if (typeof value === 'bigint') return Number(value)
      if (typeof value === 'string') return doubleWords.get(value) ?? numberFromText(value, wire, 'Double')
      throw wrongType(value, 'Double')
    },
    check: (value, path, violations) => checkRange(value, limits, path, violations),
  }
}

/** A whole number of 64 bits; beyond 2^53 it loses its last digits, as in every JavaScript client. */
export function long(limits: { min?: number; max?: number } = {}): Shape<number> {
  return {
    required: true,
    decode(value, wire) {
      if (typeof value === 'bigint') return Number(BigInt.asIntN(64, value))
      if (typeof value === 'number') return Math.trunc(value) || 0
      if (typeof value === 'string') return Math.trunc(numberFromText(value, wire, 'Long'))
      throw wrongType(value, 'Long')
    },
    check: (value, path, violations) => checkRange(value, limits, path, violations),
  }
}

const doubleWords = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
])

function numberFromText(text: string, wire: Wire, wanted: 'Double' | 'Long'): number {
  if (!wire.number) throw wrongType(text, wanted)
  const value = wire.number(text)
  if (value === undefined) throw serializationError(`'${text.slice(0, 100)}' can not be converted to a ${wanted}`)
  return value
}

function checkRange(
  value: number,
  { min, max }: { min?: number; max?: number },
  path: string,
  violations: string[],
): void {
  if (min !== undefined && value < min)
    violations.push(violation(`${value}`, path, `Member must have value greater than or equal to ${min}`))
  if (max !== undefined && value > max)
    violations.push(violation(`${value}`, path, `Member must have value less than or equal to ${max}`))
}
