import { type Place, parseArn } from '../core/arn.ts'
import { denialMessage } from '../policies/denial-message.ts'
import { describeFinding, describePlace, explain } from '../policies/explain.ts'
import type { AccessRequest, PolicySet } from '../policies/policy.ts'
import type { Identities } from './identities.ts'
import { IdentityError } from './identity-reader.ts'
import { sessionArn } from './names.ts'
import { principalKeys } from './principal-keys.ts'

/** What `millrace identity explain` is asked. */
export type Asked = {
  /** ARN of a user or a role of the file. */
  readonly who: string
  /** e.g. `kinesis:PutRecord` */
  readonly action: string
  /** An ARN, or `*`. */
  readonly resource: string
  /** Condition keys of the request beside those of who asks. */
  readonly context: ReadonlyMap<string, readonly string[]>
}

/** May that be done, and which statement says so? In lines for people. */
export function explainAccess(
  asked: Asked,
  identities: Identities,
  place: Place,
): { allowed: boolean; lines: string[] } {
  if (!/^[\w-]+:\w+$/.test(asked.action))
    throw new IdentityError(`an action is a service and an operation, e.g. kinesis:PutRecord, not "${asked.action}"`)
  const resource = asked.resource === '*' ? undefined : parseArn(asked.resource)
  if (asked.resource !== '*' && !resource)
    throw new IdentityError(
      `a resource is an ARN or *, e.g. arn:aws:kinesis:${place.region}:${place.accountId}:stream/NAME, not "${asked.resource}"`,
    )
  const { principal, policies, keys } = principalOf(asked.who, identities, place)
  const trust = identities.roles.get(asked.resource)?.trustPolicy
  const set: PolicySet = {
    ...policies,
    ...(trust && asked.action.toLowerCase().startsWith('sts:') && { resource: trust }),
  }
  const request: AccessRequest = {
    action: asked.action,
    resource: asked.resource,
    resourceAccountId: resource?.accountId || place.accountId,
    principal,
    keys: { get: (name) => asked.context.get(name) ?? keys.get(name) },
  }
  const { decision, findings } = explain(request, set)
  const verdict = decision.allowed
    ? ['Allowed', ...decision.by.map((by) => `  by ${describePlace(by)}`)]
    : [
        `Denied: ${denialMessage(principal.arn, asked.action, asked.resource, decision)}`,
        ...(decision.by ? [`  by ${describePlace(decision.by)}`] : []),
      ]
  const looked = findings.map((finding) => `  ${describePlace(finding.place)}: ${describeFinding(finding)}`)
  return {
    allowed: decision.allowed,
    lines: [...verdict, '', looked.length > 0 ? 'What was looked at:' : 'There is no policy to look at.', ...looked],
  }
}

function principalOf(who: string, identities: Identities, place: Place) {
  const user = identities.users.get(who)
  if (user) {
    const { accountId, identity, policies, keys } = user
    return { principal: { accountId, arn: identity.arn }, policies, keys }
  }
  const role = identities.roles.get(who)
  if (!role) throw new IdentityError(`there is no ${who} in the file`)
  const { accountId, name, id, tags, policies, arn } = role
  const session = 'SESSION'
  const identity = {
    type: 'AssumedRole',
    arn: sessionArn({ ...place, accountId }, name, session),
    principalId: `${id}:${session}`,
    name,
    session: { createdAtMs: 0, expiresAtMs: 0, issuer: { arn, principalId: id, name } },
  } as const
  return {
    principal: { accountId, arn: identity.arn, roleArn: arn },
    policies,
    keys: principalKeys(identity, accountId, tags),
  }
}
