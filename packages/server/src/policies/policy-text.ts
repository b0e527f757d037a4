import type { ConditionKeys } from '../core/access.ts'
import { anyRun, anyUnit, unitsOf } from './glob.ts'

/*
 * Texts of policies, with variables in them:
 *   ${aws:username}   ${aws:PrincipalTag/team, 'none'}   ${*} ${?} ${$}
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
 */

/** Longer values are no name and no tag: they count as absent. */
const variableLengthMax = 2048

type Variable = { readonly key: string; readonly fallback: string | undefined }

/** Letters and wildcards (see `glob.ts`), and variables between them. */
export type PolicyText = readonly (readonly number[] | Variable)[]

/** What a text may hold beside letters. */
export type TextRules = { readonly hasVariables: boolean; readonly hasWildcards: boolean }

const escapes = new Map([
  ['*', '*'],
  ['?', '?'],
  ['$', '$'],
])

export function readText(text: string, { hasVariables, hasWildcards }: TextRules): PolicyText {
  if (!hasVariables || !text.includes('${')) return [unitsOf(text, hasWildcards)]
  const parts: (number[] | Variable)[] = []
  const add = (units: readonly number[]): void => {
    const last = parts.at(-1)
    if (Array.isArray(last)) for (const unit of units) last.push(unit)
    else parts.push([...units])
  }
  for (let at = 0; at < text.length; ) {
    const opening = text.indexOf('${', at)
    const end = opening < 0 ? -1 : endOfVariable(text, opening)
    if (end < 0) {
      add(unitsOf(text.slice(at), hasWildcards))
      break
    }
    if (opening > at) add(unitsOf(text.slice(at, opening), hasWildcards))
    const inside = text.slice(opening + 2, end)
    const escaped = escapes.get(inside)
    if (escaped) add(unitsOf(escaped, false))
    else parts.push(readVariable(inside))
    at = end + 1
  }
  return parts
}

/** Where the `}` of a variable is; -1 if it has none. A default in quotes may hold one. */
export function endOfVariable(text: string, opening: number): number {
  const end = text.indexOf('}', opening)
  const quote = text.indexOf("'", opening)
  if (quote < 0 || quote > end) return end
  const closed = text.indexOf("'}", quote + 1)
  return closed < 0 ? end : closed + 1
}

function readVariable(inside: string): Variable {
  const comma = inside.indexOf(',')
  const quoted = comma < 0 ? '' : inside.slice(comma + 1).trim()
  const hasFallback = quoted.length >= 2 && quoted.startsWith("'") && quoted.endsWith("'")
  const key = hasFallback ? inside.slice(0, comma) : inside
  return { key: key.trim().toLowerCase(), fallback: hasFallback ? quoted.slice(1, -1) : undefined }
}

/** Whether it means something else for each request. */
export const varies = (text: PolicyText): boolean => text.some((part) => !Array.isArray(part))

/** The text as a pattern, each variable by its value, letter by letter; undefined if one has none. */
export function resolvedUnits(text: PolicyText, keys: ConditionKeys): readonly number[] | undefined {
  const [first] = text
  if (text.length === 1 && isUnits(first)) return first
  const units: number[] = []
  for (const part of text) {
    if (isUnits(part)) for (const unit of part) units.push(unit)
    else {
      const value = variableValue(part, keys)
      if (value === undefined) return undefined
      for (let i = 0; i < value.length; i++) units.push(value.charCodeAt(i))
    }
  }
  return units
}

/** The text without wildcards; undefined if a variable has no value. */
export function resolvedText(text: PolicyText, keys: ConditionKeys): string | undefined {
  let resolved = ''
  for (const part of text) {
    if (isUnits(part)) resolved += textOf(part)
    else {
      const value = variableValue(part, keys)
      if (value === undefined) return undefined
      resolved += value
    }
  }
  return resolved
}

/** What the variables stand for, all in one text that others do not give; undefined if one has no value. */
export function variableValues(text: PolicyText, keys: ConditionKeys): string | undefined {
  let values = ''
  for (const part of text) {
    if (isUnits(part)) continue
    const value = variableValue(part, keys)
    if (value === undefined) return undefined
    values += `${value.length}:${value}`
  }
  return values
}

const isUnits = (part: readonly number[] | Variable | undefined): part is readonly number[] => Array.isArray(part)

/** Only a key that has one value can stand for it. */
function variableValue({ key, fallback }: Variable, keys: ConditionKeys): string | undefined {
  const values = keys.get(key)
  const value = values?.length === 1 ? values[0] : undefined
  return value !== undefined && value.length <= variableLengthMax ? value : fallback
}

function textOf(units: readonly number[]): string {
  let text = ''
  for (const unit of units) text += unit === anyRun ? '*' : unit === anyUnit ? '?' : String.fromCharCode(unit)
  return text
}
