import type { AccessRequest, Decision, Policy, PolicyKind, PolicySet, StatementPlace } from './policy.ts'
import type { Naming } from './principals.ts'
import { matchOf, type Question, type Statement } from './statement.ts'
import type { StatementsByService } from './statement-index.ts'

/**
 * Decides as AWS does: a Deny anywhere is the end of it; else each side that must allow has to.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
 *
 * | the resource's policy names | same account | another account |
 * | --- | --- | --- |
 * | the user, the session, everybody | is enough | and the caller's own policies |
 * | the session's role | and boundary, session policies | and the caller's own policies |
 * | the caller's account | nothing yet: the caller's own policies decide | and the caller's own policies |
 * | none of these | the caller's own policies decide | refused |
 *
 * The caller's own policies: one of the identity's, and the boundary, and one of the session's, where these are there.
 * A role is assumed only by whom its trust policy names, also in its own account. An endpoint's policy must allow too.
 */
export function decide(request: AccessRequest, set: PolicySet): Decision {
  const action = request.action.toLowerCase()
  const question: Question = { request, action }
  const service = action.slice(0, Math.max(0, action.indexOf(':')))

  const denied = denyIn(set, question, service)
  if (denied) return { allowed: false, denial: 'explicit', kind: denied.kind, by: denied }

  const by: StatementPlace[] = []
  const naming = allowOf(set.resource, question, service, by)
  const missing =
    missingOfCaller(set, question, service, naming, by) ??
    (set.endpoint && !allowOf(set.endpoint, question, service, by) ? 'VPC endpoint policy' : undefined)
  return missing ? { allowed: false, denial: 'implicit', kind: missing } : { allowed: true, by }
}

/** Which kind of policy does not allow what only it can; undefined if nothing is missing. */
function missingOfCaller(
  set: PolicySet,
  question: Question,
  service: string,
  naming: Naming | undefined,
  by: StatementPlace[],
): PolicyKind | undefined {
  const { principal, resourceAccountId } = question.request
  const isTrust = set.resource?.kind === 'role trust policy'
  const ofResource: PolicyKind = isTrust ? 'role trust policy' : 'resource-based policy'
  const isSameAccount = principal.accountId === resourceAccountId
  if (principal.service !== undefined) return naming ? undefined : ofResource

  const isEnough = isSameAccount && naming === 'self'
  if (isEnough) return undefined
  const needsIdentity = !(isSameAccount && naming === 'role')
  if (needsIdentity && !allowsOne(set.identity, question, service, by)) return 'identity-based policy'
  if (set.boundary && !allowOf(set.boundary, question, service, by)) return 'permissions boundary'
  if (set.session && !allowsOne(set.session, question, service, by)) return 'session policy'
  return naming || (isSameAccount && !isTrust) ? undefined : ofResource
}

function denyIn(set: PolicySet, question: Question, service: string): StatementPlace | undefined {
  return (
    denyOf(set.identity, question, service) ??
    (set.boundary && denyOfOne(set.boundary, question, service)) ??
    (set.session && denyOf(set.session, question, service)) ??
    (set.resource && denyOfOne(set.resource, question, service)) ??
    (set.endpoint && denyOfOne(set.endpoint, question, service))
  )
}

function denyOf(policies: readonly Policy[], question: Question, service: string): StatementPlace | undefined {
  for (const policy of policies) {
    const place = denyOfOne(policy, question, service)
    if (place) return place
  }
  return undefined
}

function denyOfOne({ statements }: Policy, question: Question, service: string): StatementPlace | undefined {
  const { denies } = statements
  return firstMatch(denies.named(service), question)?.place ?? firstMatch(denies.unnamed, question)?.place
}

function allowsOne(policies: readonly Policy[], question: Question, service: string, by: StatementPlace[]): boolean {
  return policies.some((policy) => allowOf(policy, question, service, by) !== undefined)
}

/** How the policy's Allow names the caller, by the statement that names it best: its place goes to `by`. */
function allowOf(
  policy: Policy | undefined,
  question: Question,
  service: string,
  by: StatementPlace[],
): Naming | undefined {
  if (!policy) return undefined
  const { allows } = policy.statements
  let best: { naming: Naming; place: StatementPlace } | undefined
  for (const statements of [allows.named(service), allows.unnamed])
    for (const statement of statements) {
      const naming = matchOf(statement, question)
      if (!naming || (best && strength[naming] <= strength[best.naming])) continue
      best = { naming, place: statement.place }
      if (naming === 'self') break
    }
  if (best) by.push(best.place)
  return best?.naming
}

const strength: Readonly<Record<Naming, number>> = { account: 0, role: 1, self: 2 }

function firstMatch(statements: StatementsByService['unnamed'], question: Question): Statement | undefined {
  for (const statement of statements) if (matchOf(statement, question)) return statement
  return undefined
}
