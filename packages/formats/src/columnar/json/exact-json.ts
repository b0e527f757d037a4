/*
 * JSON whose numbers keep all their digits. A number that a double may not hold comes as `JSON.rawJSON`: its text, which
 * JSON.stringify writes back as it was. That takes six times as long as parsing to doubles.
 */

export type ExactNumber = { readonly rawJSON: string }

declare global {
  interface JSON {
    rawJSON(text: string): ExactNumber
    isRawJSON(value: unknown): value is ExactNumber
  }
}

/** As it is in the newest ECMAScript: the reviver also gets the text that a value was made of. */
const parseWithSources = JSON.parse as (
  text: string,
  reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
) => unknown

/** Digits that every double holds. */
const digitsMax = 15

/** A number of more digits than a double holds, where a number can begin; rarely it is only text that looks so. */
const longNumber = /[:,[\s]-?\d[\d.]{15}/

/** Exactly where it may be needed. @throws SyntaxError */
export const parseLongExactly = (text: string): unknown =>
  longNumber.test(text) ? parseExactly(text) : JSON.parse(text)

/** @throws SyntaxError */
export const parseExactly = (text: string): unknown =>
  parseWithSources(text, (_, value, { source }) =>
    typeof value === 'number' && !isExact(value, source!) ? JSON.rawJSON(source!) : value,
  )

const isExact = (value: number, source: string) =>
  Number.isInteger(value) ? Number.isSafeInteger(value) && !source.includes('.') : source.length <= digitsMax

/**
 * Thrown where a number was parsed to a double and a column could hold more of it: the record is to be parsed again, exactly.
 * Not an Error, because it is no fault, and made for many a record.
 */
export const imprecise = Symbol('imprecise')
