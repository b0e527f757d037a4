import { validationError } from '../../core/aws-error.ts'

/*
 * DynamoDB's numbers: decimal, 38 significant digits, magnitude from 1E-130 to 9.99…E+125, and zero. On the wire they are
 * text; here each has one canonical text, without an exponent: `1e2` is `100`, `0.10` is `0.1`, `-0` is `0`.
 */

/** d1.d2d3… × 10^exponent, without zeros at either end of the digits; zero has no digits. */
export type Decimal = { readonly negative: boolean; readonly digits: string; readonly exponent: number }

const significantDigitsMax = 38
const exponentMax = 125
const exponentMin = -130

/** A number's text is at most this long; longer ones are told so before anything looks into them. */
const textLengthMax = 4096

const syntax = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/

/** @throws ValidationException for what is no number, or none that DynamoDB holds */
function parseDecimal(text: string): Decimal {
  if (text === '') throw validationError('The parameter cannot be converted to a numeric value')
  const match = text.length <= textLengthMax ? syntax.exec(text) : null
  const [, sign, whole = '', fraction = '', power = '0'] = match ?? []
  if (!match || whole + fraction === '') throw notNumeric(text)
  return normal(sign === '-', whole + fraction, whole.length - 1 + Number(power))
}

const notNumeric = (text: string) =>
  validationError(`The parameter cannot be converted to a numeric value: ${text.slice(0, 100)}`)

/** `digits` may have zeros at both ends; the first one counts 10^exponent. */
function normal(negative: boolean, digits: string, exponent: number): Decimal {
  const start = digits.search(/[1-9]/)
  if (start < 0) return { negative: false, digits: '', exponent: 0 }
  let end = digits.length
  while (digits[end - 1] === '0') end--
  const significant = digits.slice(start, end)
  const magnitude = exponent - start
  if (magnitude > exponentMax)
    throw validationError('Number overflow. Attempting to store a number with magnitude larger than supported range')
  if (magnitude < exponentMin)
    throw validationError('Number underflow. Attempting to store a number with magnitude smaller than supported range')
  if (significant.length > significantDigitsMax)
    throw validationError('Attempting to store more than 38 significant digits in a Number')
  return { negative, digits: significant, exponent: magnitude }
}

/** The canonical text. */
function formatDecimal({ negative, digits, exponent }: Decimal): string {
  if (digits === '') return '0'
  const sign = negative ? '-' : ''
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
  const wholeLength = exponent + 1
  if (digits.length <= wholeLength) return sign + digits.padEnd(wholeLength, '0')
  return `${sign}${digits.slice(0, wholeLength)}.${digits.slice(wholeLength)}`
}

/** @throws ValidationException, see `parseDecimal` */
export function canonicalNumber(text: string): string {
  if (plainInteger.test(text)) return text // nearly all numbers are
  return formatDecimal(parseDecimal(text))
}

const plainInteger = /^(?:0|-?[1-9]\d{0,14})$/

/** Below, at or above zero, as the first canonical number is less than, equal to or greater than the second. */
export function compareNumbers(a: string, b: string): number {
  if (a === b) return 0
  if (plainInteger.test(a) && plainInteger.test(b)) return Number(a) - Number(b)
  return orderTextOf(a) < orderTextOf(b) ? -1 : 1
}

/** @throws ValidationException if the sum needs more than 38 digits or is out of range */
export const addNumbers = (a: string, b: string): string => sum(a, b, false)

/** @throws ValidationException, see `addNumbers` */
export const subtractNumbers = (a: string, b: string): string => sum(a, b, true)

function sum(a: string, b: string, negateSecond: boolean): string {
  const first = parseDecimal(a)
  const second = parseDecimal(b)
  const scale = Math.min(scaleOf(first), scaleOf(second))
  const total = scaled(first, scale) + (negateSecond ? -scaled(second, scale) : scaled(second, scale))
  const negative = total < 0n
  const digits = (negative ? -total : total).toString()
  return formatDecimal(normal(negative, digits, digits.length - 1 + scale))
}

/** The power of ten of the last digit. */
const scaleOf = ({ digits, exponent }: Decimal) => (digits === '' ? 0 : exponent - digits.length + 1)

function scaled(decimal: Decimal, scale: number): bigint {
  const { negative, digits } = decimal
  if (digits === '') return 0n
  const magnitude = BigInt(digits) * 10n ** BigInt(scaleOf(decimal) - scale)
  return negative ? -magnitude : magnitude
}

/**
 * A text that compares as the number does:
 *
 *   positive  '2' exponent+130 (3 digits) digits
 *   zero      '1'
 *   negative  '0' 999-(exponent+130) (3 digits) digits, each from 9, then '~' so that -1.2 is above -1.23
 */
export function orderTextOf(number: string): string {
  const { negative, digits, exponent } = parseDecimal(number)
  if (digits === '') return '1'
  const biased = exponent - exponentMin
  if (!negative) return `2${String(biased).padStart(3, '0')}${digits}`
  const mirrored = digits.replace(/\d/g, (digit) => String(9 - Number(digit)))
  return `0${999 - biased}${mirrored}~`
}
