import { type ExactNumber, imprecise } from './exact-json.ts'

export const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value)

export const isNumber = (value: unknown): value is number | ExactNumber =>
  typeof value === 'number' || JSON.isRawJSON(value)

/** The number's digits, as they were written if there are many. @throws `imprecise` */
export function numberText(value: number | ExactNumber): string {
  if (typeof value !== 'number') return value.rawJSON
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) throw imprecise
  return String(value)
}

/** The nearest double. */
export const doubleFrom = (value: number | ExactNumber) => (typeof value === 'number' ? value : Number(value.rawJSON))

/** What AWS's deserializer calls a value's type in its sentences. */
export function javaClass(value: unknown): string {
  if (typeof value === 'boolean') return 'java.lang.Boolean'
  if (typeof value === 'string') return 'java.lang.String'
  if (isNumber(value)) return Number.isInteger(doubleFrom(value)) ? 'java.lang.Long' : 'java.lang.Double'
  return Array.isArray(value) ? 'java.util.ArrayList' : 'java.util.HashMap'
}
