import type { ConditionKeys } from '../../core/access.ts'
import { arnPattern, type Pattern, patternOf } from '../arn-pattern.ts'
import { type PolicyText, readText, resolvedText, varies } from '../policy-text.ts'
import { parseDate } from './date-value.ts'
import { isInRange, parseIp, parseIpRange } from './ip-range.ts'
import { parseNumber } from './number-value.ts'

/*
 * What each operator compares. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 * A comparison is of one value of the policy; several of them, and the negated operators, are the condition's business.
 */

/** A value of the policy, ready to be held against the request's. */
export type Comparison = Pattern

export type Operator = {
  /** AWS's name of it. */
  readonly name: string
  readonly isNegated: boolean
  /** Undefined for a value that can never be compared: the document is wrong. */
  readonly compile: (value: string, hasVariables: boolean) => Comparison | undefined
}

const alwaysResolved = (): boolean => true

function fixed(matches: (value: string) => boolean): Comparison {
  return { isResolved: alwaysResolved, matches }
}

function equal(normalized: (text: string) => string): Operator['compile'] {
  return (value, hasVariables) => {
    const text = readText(value, { hasVariables, hasWildcards: false })
    if (varies(text)) return varying(text, normalized)
    const wanted = normalized(resolvedText(text, new Map())!)
    return fixed((found) => normalized(found) === wanted)
  }
}

function varying(text: PolicyText, normalized: (text: string) => string): Comparison {
  return {
    isResolved: (keys: ConditionKeys) => resolvedText(text, keys) !== undefined,
    matches: (found, keys) => {
      const wanted = resolvedText(text, keys)
      return wanted !== undefined && normalized(wanted) === normalized(found)
    },
  }
}

function like(value: string, hasVariables: boolean): Comparison {
  return patternOf(readText(value, { hasVariables, hasWildcards: true }))
}

/** Values of an order: what the policy says is parsed once. */
function ordered(parse: (text: string) => number | undefined, holds: (found: number, wanted: number) => boolean) {
  return (value: string): Comparison | undefined => {
    const wanted = parse(value)
    if (wanted === undefined) return undefined
    return fixed((text) => {
      const found = parse(text)
      return found !== undefined && holds(found, wanted)
    })
  }
}

function inRange(value: string): Comparison | undefined {
  const range = parseIpRange(value)
  if (!range) return undefined
  return fixed((text) => {
    const address = parseIp(text)
    return address !== undefined && isInRange(address, range)
  })
}

/** Both sides are base64: it is the bytes that are compared. */
function binary(value: string): Comparison {
  const bytes = Buffer.from(value, 'base64')
  return fixed((text) => bytes.equals(Buffer.from(text, 'base64')))
}

const asIs = (text: string): string => text
const ignoringCase = (text: string): string => text.toLowerCase()

const orders: readonly [string, boolean, (found: number, wanted: number) => boolean][] = [
  ['Equals', false, (found, wanted) => found === wanted],
  ['NotEquals', true, (found, wanted) => found === wanted],
  ['LessThan', false, (found, wanted) => found < wanted],
  ['LessThanEquals', false, (found, wanted) => found <= wanted],
  ['GreaterThan', false, (found, wanted) => found > wanted],
  ['GreaterThanEquals', false, (found, wanted) => found >= wanted],
]

const all: readonly Operator[] = [
  { name: 'StringEquals', isNegated: false, compile: equal(asIs) },
  { name: 'StringNotEquals', isNegated: true, compile: equal(asIs) },
  { name: 'StringEqualsIgnoreCase', isNegated: false, compile: equal(ignoringCase) },
  { name: 'StringNotEqualsIgnoreCase', isNegated: true, compile: equal(ignoringCase) },
  { name: 'StringLike', isNegated: false, compile: like },
  { name: 'StringNotLike', isNegated: true, compile: like },
  ...orders.map(([name, isNegated, holds]) => ({
    name: `Numeric${name}`,
    isNegated,
    compile: ordered(parseNumber, holds),
  })),
  ...orders.map(([name, isNegated, holds]) => ({ name: `Date${name}`, isNegated, compile: ordered(parseDate, holds) })),
  { name: 'Bool', isNegated: false, compile: equal(ignoringCase) },
  { name: 'BinaryEquals', isNegated: false, compile: binary },
  { name: 'IpAddress', isNegated: false, compile: inRange },
  { name: 'NotIpAddress', isNegated: true, compile: inRange },
  { name: 'ArnEquals', isNegated: false, compile: arnPattern },
  { name: 'ArnLike', isNegated: false, compile: arnPattern },
  { name: 'ArnNotEquals', isNegated: true, compile: arnPattern },
  { name: 'ArnNotLike', isNegated: true, compile: arnPattern },
]

/** By their names in small letters. `Null` is none of them: it asks for the key, not for its values. */
export const operators: ReadonlyMap<string, Operator> = new Map(
  all.map((operator) => [operator.name.toLowerCase(), operator]),
)
