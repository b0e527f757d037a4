import type { Condition } from './conditions/condition.ts'
import { decide } from './decide.ts'
import type { AccessRequest, Decision, Policy, PolicySet, StatementPlace } from './policy.ts'
import { concernsAction, concernsResource, namingIn, type Question, type Statement } from './statement.ts'

/** A decision, with what became of each statement that was looked at. */
export type Explanation = { readonly decision: Decision; readonly findings: readonly Finding[] }

export type Finding = {
  readonly place: StatementPlace
  readonly effect: 'Allow' | 'Deny'
  /** The first part of the statement that does not concern the request; undefined if all of it does. */
  readonly mismatch: Mismatch | undefined
}

export type Mismatch =
  | {
      readonly part: 'Action' | 'Resource' | 'Principal'
      /** e.g. `NotAction`, as the statement has it. */
      readonly element: string
      readonly listed: readonly string[]
      /** What the request has instead. */
      readonly found: string
    }
  | {
      readonly part: 'Condition'
      readonly condition: Condition
      /** Undefined if the request has no such key. */
      readonly found: readonly string[] | undefined
    }

/** As `decide`, with all that was found on the way; for people, not for each request. */
export function explain(request: AccessRequest, set: PolicySet): Explanation {
  const question: Question = { request, action: request.action.toLowerCase() }
  const policies: (Policy | undefined)[] = [
    ...set.identity,
    set.boundary,
    ...(set.session ?? []),
    set.resource,
    set.endpoint,
  ]
  const findings = policies.flatMap((policy) => (policy?.statements.all ?? []).map((one) => finding(one, question)))
  return { decision: decide(request, set), findings }
}

function finding(statement: Statement, question: Question): Finding {
  return { place: statement.place, effect: statement.effect, mismatch: mismatchOf(statement, question) }
}

function mismatchOf(statement: Statement, question: Question): Mismatch | undefined {
  const { request } = question
  const { actions, resources, principals } = statement.document
  if (!concernsAction(statement, question))
    return {
      part: 'Action',
      element: actions!.isNot ? 'NotAction' : 'Action',
      listed: actions!.elements,
      found: request.action,
    }
  if (!namingIn(statement, question))
    return {
      part: 'Principal',
      element: principals!.isNot ? 'NotPrincipal' : 'Principal',
      listed: principals!.elements.map(({ name }) => name),
      found: request.principal.service ?? request.principal.arn,
    }
  if (!concernsResource(statement, question))
    return {
      part: 'Resource',
      element: resources!.isNot ? 'NotResource' : 'Resource',
      listed: resources!.elements,
      found: request.resource,
    }
  const condition = statement.conditions.find(({ holds }) => !holds(request.keys))
  return condition && { part: 'Condition', condition, found: request.keys.get(condition.key.toLowerCase()) }
}

/** One line for a finding, e.g. `does not concern it: Resource lists arn:…:stream/a, the request is for arn:…:stream/b`. */
export function describeFinding({ effect, mismatch }: Finding): string {
  if (!mismatch) return effect === 'Deny' ? 'denies it' : 'allows it'
  if (mismatch.part !== 'Condition') {
    const { element, listed, found } = mismatch
    const asked = { Action: 'asks for', Resource: 'is for', Principal: 'is by' }[mismatch.part]
    return `does not concern it: ${element} lists ${listed.join(', ')}; the request ${asked} ${found}`
  }
  const { operator, key, values } = mismatch.condition
  const found = mismatch.found?.length ? `has ${mismatch.found.join(', ')}` : 'has no such key'
  return `does not concern it: ${operator} wants ${key} ${values.join(', ') || 'of no value'}; the request ${found}`
}

/** e.g. `statement Writers of the identity-based policy producers` */
export function describePlace({ kind, policy, statement }: StatementPlace): string {
  return `statement ${statement} of the ${kind}${policy === undefined ? '' : ` ${policy}`}`
}
