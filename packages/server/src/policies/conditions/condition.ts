import type { ConditionKeys } from '../../core/access.ts'
import type { Comparison, Operator } from './operators.ts'
import { operators } from './operators.ts'

/*
 * One key under one operator of a statement's `Condition`; all of a statement's must hold.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
 */

export type Condition = {
  /** As the policy writes it, e.g. `ForAnyValue:StringLikeIfExists`. */
  readonly operator: string
  /** As the policy writes it. */
  readonly key: string
  readonly values: readonly string[]
  readonly holds: (keys: ConditionKeys) => boolean
}

/** What stands before and behind an operator's name. */
type OperatorName = {
  readonly operator: Operator | 'Null'
  readonly values: 'all' | 'any' | undefined
  readonly isIfExists: boolean
}

export type ConditionRules = { readonly hasVariables: boolean; readonly effect: 'Allow' | 'Deny' }

const qualifiers = new Map<string, 'all' | 'any'>([
  ['forallvalues:', 'all'],
  ['foranyvalue:', 'any'],
])
const ifExists = 'ifexists'

/** Undefined for what is no operator. */
export function readOperator(written: string): OperatorName | undefined {
  let name = written.toLowerCase()
  let values: OperatorName['values']
  for (const [prefix, of] of qualifiers)
    if (name.startsWith(prefix)) {
      values = of
      name = name.slice(prefix.length)
      break
    }
  if (name === 'null') return { operator: 'Null', values, isIfExists: false }
  const isIfExists = name.endsWith(ifExists)
  const operator = operators.get(isIfExists ? name.slice(0, -ifExists.length) : name)
  return operator && { operator, values, isIfExists }
}

/** @returns undefined if one of the values cannot be what the operator compares */
export function compileCondition(
  written: string,
  name: OperatorName,
  key: string,
  values: readonly string[],
  rules: ConditionRules,
): Condition | undefined {
  const described = { operator: written, key, values }
  const lookup = key.toLowerCase()
  if (name.operator === 'Null') {
    const isWanted = values.map((value) => value.toLowerCase())
    if (isWanted.some((value) => value !== 'true' && value !== 'false')) return undefined
    return { ...described, holds: (keys) => isWanted.includes(String(!keys.get(lookup)?.length)) }
  }
  const comparisons: Comparison[] = []
  for (const value of values) {
    const comparison = name.operator.compile(value, rules.hasVariables)
    if (!comparison) return undefined
    comparisons.push(comparison)
  }
  return { ...described, holds: holdsFor(name, name.operator.isNegated, lookup, comparisons, rules.effect) }
}

/**
 * Several values of the policy are alternatives; under a negated operator none of them may match. Several values of the
 * request: as the qualifier says. Where AWS says nothing, an Allow is read narrowly and a Deny widely: of several values
 * without a qualifier all must hold for an Allow and one for a Deny; a variable without a value equals nothing, but an
 * Allow does not rest on that.
 */
function holdsFor(
  { values, isIfExists }: OperatorName,
  isNegated: boolean,
  key: string,
  comparisons: readonly Comparison[],
  effect: 'Allow' | 'Deny',
): Condition['holds'] {
  const mustAll = values === undefined ? effect === 'Allow' : values === 'all'
  // AWS pays no heed to IfExists behind a qualifier.
  const whenAbsent = values === undefined ? isIfExists || isNegated : values === 'all'
  const mayBeUnresolved = !isNegated || effect === 'Deny'
  return (keys) => {
    const found = keys.get(key)
    if (!found || found.length === 0 || (values !== undefined && isNothing(found))) return whenAbsent
    if (!mayBeUnresolved && !comparisons.every((comparison) => comparison.isResolved(keys))) return false
    for (const value of found) {
      const isMatch = comparisons.some((comparison) => comparison.matches(value, keys))
      if ((isMatch !== isNegated) !== mustAll) return !mustAll
    }
    return mustAll
  }
}

/** Qualifiers take a single empty text for no value. */
const isNothing = (found: readonly string[]): boolean => found.length === 1 && found[0] === ''
