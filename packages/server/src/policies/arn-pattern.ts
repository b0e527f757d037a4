import type { ConditionKeys } from '../core/access.ts'
import { anyRun, anyRunWithin, anyUnit, anyUnitWithin, compileGlob, type Glob } from './glob.ts'
import { endOfVariable, type PolicyText, readText, resolvedUnits, variableValues, varies } from './policy-text.ts'

/*
 * Patterns of ARNs: in `Resource`, and for the Arn operators of conditions.
 *   arn:partition:service:region:account:resource, where the resource may hold colons
 */

const segmentCount = 6

/** A pattern that may hold variables. */
export type Pattern = {
  /** Whether each variable has a value. */
  readonly isResolved: (keys: ConditionKeys) => boolean
  /** No value for a variable: no match. */
  readonly matches: (text: string, keys: ConditionKeys) => boolean
}

/** Makes a pattern of a text; what is the same for all requests is compiled once. */
export function patternOf(text: PolicyText): Pattern {
  if (!varies(text)) {
    const glob = compileGlob(resolvedUnits(text, new Map())!)
    return { isResolved: () => true, matches: glob }
  }
  // One caller asks often in a row, and variables are mostly about the caller.
  let last: { readonly values: string; readonly glob: Glob } | undefined
  return {
    isResolved: (keys) => variableValues(text, keys) !== undefined,
    matches: (value, keys) => {
      const values = variableValues(text, keys)
      if (values === undefined) return false
      if (last?.values !== values) last = { values, glob: compileGlob(resolvedUnits(text, keys)!) }
      return last.glob(value)
    },
  }
}

/**
 * A `Resource` element. A `*` at the end of a segment goes on over colons, one inside it does not; segments that are
 * missing are completed by `*`.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
 */
export function resourcePattern(element: string, hasVariables: boolean): Pattern {
  if (element === '*') return { isResolved: () => true, matches: () => true }
  const segments = segmentsOf(element)
  while (segments.length < segmentCount) segments.push('*')
  const head = segments.slice(0, -1).map((segment) => headUnits(segment))
  const tail = readText(segments.at(-1)!, { hasVariables, hasWildcards: true })
  const colon = ':'.charCodeAt(0)
  return patternOf([...head.map((units) => [...units, colon]), ...tail])
}

function headUnits(segment: string): number[] {
  const [units = []] = readText(segment, { hasVariables: false, hasWildcards: true }) as readonly number[][]
  return units.map((unit, i) => {
    if (unit === anyUnit) return anyUnitWithin
    return unit === anyRun && i < units.length - 1 ? anyRunWithin : unit
  })
}

/**
 * A value of ArnEquals and ArnLike: segment by segment. Unlike a `Resource`, one with fewer segments matches nothing.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN
 */
export function arnPattern(value: string, hasVariables: boolean): Pattern {
  const patterns = segmentsOf(value).map((segment) =>
    patternOf(readText(segment, { hasVariables, hasWildcards: true })),
  )
  return {
    isResolved: (keys) => patterns.every((pattern) => pattern.isResolved(keys)),
    matches: (arn, keys) => {
      const segments = plainSegmentsOf(arn)
      if (segments.length < segmentCount || patterns.length < segmentCount) return false
      return patterns.every((pattern, i) => pattern.matches(segments[i]!, keys))
    },
  }
}

/** Up to six; colons inside of variables separate nothing. */
export function segmentsOf(pattern: string): string[] {
  const segments: string[] = []
  let from = 0
  for (let at = 0; at < pattern.length && segments.length < segmentCount - 1; at++) {
    if (pattern.startsWith('${', at)) at = Math.max(at, endOfVariable(pattern, at))
    else if (pattern[at] === ':') {
      segments.push(pattern.slice(from, at))
      from = at + 1
    }
  }
  segments.push(pattern.slice(from))
  return segments
}

function plainSegmentsOf(arn: string): string[] {
  const segments: string[] = []
  let from = 0
  for (let count = 1; count < segmentCount; count++) {
    const colon = arn.indexOf(':', from)
    if (colon < 0) break
    segments.push(arn.slice(from, colon))
    from = colon + 1
  }
  segments.push(arn.slice(from))
  return segments
}
