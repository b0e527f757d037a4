import type { Pattern } from './arn-pattern.ts'
import type { Condition } from './conditions/condition.ts'
import type { DocumentStatement } from './document.ts'
import type { Glob } from './glob.ts'
import type { AccessRequest, StatementPlace } from './policy.ts'
import { isLeftOut, type Naming, namingOf, type Principals } from './principals.ts'

/** A list of alternatives, or of what is left out (`NotAction`, …). */
export type Listed<Element> = { readonly isNot: boolean; readonly elements: readonly Element[] }

/** A statement, ready to be asked. */
export type Statement = {
  readonly place: StatementPlace
  readonly effect: 'Allow' | 'Deny'
  /** What stands before the colons of its actions, in small letters; undefined if it may concern any service. */
  readonly services: ReadonlySet<string> | undefined
  /** Over actions in small letters. */
  readonly actions: Listed<Glob>
  /** Undefined in a role's trust policy: it concerns the role. */
  readonly resources: Listed<Pattern> | undefined
  /** Undefined where the policy belongs to whom it concerns. */
  readonly principals: { readonly isNot: boolean; readonly named: Principals } | undefined
  readonly conditions: readonly Condition[]
  /** What it was made of, for explanations. */
  readonly document: DocumentStatement
}

/** What a statement is asked: the request, and its action in small letters. */
export type Question = { readonly request: AccessRequest; readonly action: string }

/** Whether a statement concerns a request: how it names the caller, or undefined. */
export function matchOf(statement: Statement, question: Question): Naming | undefined {
  if (!concernsAction(statement, question)) return undefined
  const naming = namingIn(statement, question)
  if (!naming) return undefined
  if (!concernsResource(statement, question)) return undefined
  for (const condition of statement.conditions) if (!condition.holds(question.request.keys)) return undefined
  return naming
}

export function concernsAction({ actions }: Statement, { action }: Question): boolean {
  const { elements, isNot } = actions
  for (let i = 0; i < elements.length; i++) if (elements[i]!(action)) return !isNot
  return isNot
}

export function namingIn({ principals, effect }: Statement, { request }: Question): Naming | undefined {
  if (!principals) return 'self'
  if (!principals.isNot) return namingOf(principals.named, request.principal)
  return isLeftOut(principals.named, request.principal, effect) ? undefined : 'self'
}

/** A variable without a value matches nothing; an Allow does not rest on that for what it leaves out. */
export function concernsResource({ resources, effect }: Statement, { request }: Question): boolean {
  if (!resources) return true
  const { elements, isNot } = resources
  for (let i = 0; i < elements.length; i++) if (elements[i]!.matches(request.resource, request.keys)) return !isNot
  return isNot && (effect === 'Deny' || elements.every((pattern) => pattern.isResolved(request.keys)))
}
