import { type ExactNumber, imprecise } from './exact-json.ts'

/** The whole numbers that a type holds. */
export const rangeOf = {
  tinyint: [-(2 ** 7), 2 ** 7 - 1],
  smallint: [-(2 ** 15), 2 ** 15 - 1],
  int: [-(2 ** 31), 2 ** 31 - 1],
} as const

/** A text of decimal digits → a whole number that fits 64 bits: a number where it is exact, else a bigint. */
export function wholeFromText(text: string): number | bigint | undefined {
  if (!/^[+-]?\d{1,20}$/.test(text)) return undefined
  const number = Number(text)
  if (Number.isSafeInteger(number)) return number
  const value = BigInt(text.replace('+', ''))
  return BigInt.asIntN(64, value) === value ? value : undefined
}

/** Likewise of a JSON number; undefined for a fraction, and for what does not fit. @throws `imprecise` */
export function wholeFromNumber(value: number | ExactNumber): number | bigint | undefined {
  if (typeof value === 'number') {
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) throw imprecise
    return Number.isInteger(value) ? value || 0 : undefined
  }
  const text = value.rawJSON
  return /[eE]/.test(text) ? wholeFromDouble(Number(text)) : wholeFromText(text.replace(/\.0+$/, ''))
}

/** `1e18`: few digits, and a number of 64 bits all the same. */
function wholeFromDouble(value: number): number | bigint | undefined {
  if (!Number.isInteger(value)) return undefined
  if (Number.isSafeInteger(value)) return value || 0
  const exact = BigInt(value)
  return BigInt.asIntN(64, exact) === exact ? exact : undefined
}

const javaDouble = /^[+-]?(?:NaN|Infinity|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?[fFdD]?)$/

/** As Java's Double.parseDouble, which also takes `1f` and NaN. */
export function doubleFromText(text: string): number | undefined {
  const trimmed = text.trim()
  return javaDouble.test(trimmed) ? Number(trimmed.replace(/[fFdD]$/, '')) : undefined
}
