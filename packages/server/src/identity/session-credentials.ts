import type { Clock } from '@millrace/ports'
import { parseArn } from '../core/arn.ts'
import { AwsError } from '../core/aws-error.ts'
import type { CallerIdentity } from '../core/caller.ts'
import { compilePolicy } from '../policies/compile-policy.ts'
import type { Policy } from '../policies/policy.ts'
import type { Credential, Principal } from './credentials.ts'
import type { Identities, Role } from './identities.ts'
import { sessionArn } from './names.ts'
import { principalKeys } from './principal-keys.ts'
import type { Session, SessionTokens } from './session-token.ts'

/** Sessions that are known without opening their tokens again. Above it all are forgotten. */
const knownSessionsMax = 2000

const expired = () => new AwsError('ExpiredTokenException', 'The security token included in the request is expired')

type Known = { readonly session: Session; readonly credential: Credential }

/** Temporary keys: what their tokens say, by what the identity file says now. */
export class SessionCredentials {
  readonly #tokens: SessionTokens
  readonly #clock: Clock
  readonly #region: string
  #identities: Identities
  #known = new Map<string, Known>()

  constructor(tokens: SessionTokens, identities: Identities, clock: Clock, region: string) {
    this.#tokens = tokens
    this.#identities = identities
    this.#clock = clock
    this.#region = region
  }

  /** From now on another file is in force, also for sessions that were begun before. */
  use(identities: Identities): void {
    this.#identities = identities
    this.#known.clear()
  }

  /** @throws ExpiredTokenException */
  find(accessKeyId: string, token: string): Credential | undefined {
    const known = this.#known.get(token) ?? this.#open(token)
    if (known?.session.accessKeyId !== accessKeyId) return undefined
    if (this.#clock.nowMs() >= known.session.expiresAtMs) throw expired()
    return known.credential
  }

  #open(token: string): Known | undefined {
    const session = this.#tokens.open(token)
    if (!session) return undefined
    const principal = principalOf(session, this.#identities, this.#region)
    if (!principal) return undefined
    const { accessKeyId, secret } = session
    const known = { session, credential: { accessKeyId, secret, principal } }
    if (this.#known.size >= knownSessionsMax) this.#known.clear()
    this.#known.set(token, known)
    return known
  }
}

/** Undefined where the role or the user is gone, or the key that a user's session was begun with. */
function principalOf(session: Session, identities: Identities, region: string): Principal | undefined {
  const { of } = session
  if (of.kind === 'user') {
    const key = identities.keys.get(of.accessKeyId)
    return key?.principal.identity.arn === of.arn ? userSession(session, key.principal) : undefined
  }
  const role = identities.roles.get(of.arn)
  return role && roleSession(session, of.sessionName, role, identities, region)
}

function userSession({ createdAtMs, expiresAtMs }: Session, user: Principal): Principal {
  const { arn, principalId, name } = user.identity
  const session = { createdAtMs, expiresAtMs, issuer: { arn, principalId, name } }
  const identity = { ...user.identity, session }
  return { ...user, identity, keys: principalKeys(identity, user.accountId, user.tags) }
}

function roleSession(
  session: Session,
  sessionName: string,
  role: Role,
  identities: Identities,
  region: string,
): Principal {
  const { createdAtMs, expiresAtMs, sourceIdentity } = session
  const { accountId, name } = role
  const tags = new Map([...role.tags, ...Object.entries(session.tags ?? {})])
  const transitiveTags = new Map((session.transitiveTags ?? []).map((key) => [key, tags.get(key) ?? '']))
  const identity: CallerIdentity = {
    type: 'AssumedRole',
    arn: sessionArn({ accountId, region }, name, sessionName),
    principalId: `${role.id}:${sessionName}`,
    name,
    session: {
      createdAtMs,
      expiresAtMs,
      issuer: { arn: role.arn, principalId: role.id, name },
      ...(sourceIdentity !== undefined && { sourceIdentity }),
      ...(transitiveTags.size > 0 && { transitiveTags }),
    },
  }
  return {
    accountId,
    identity,
    tags,
    policies: { ...role.policies, session: sessionPolicies(session, identities) },
    keys: principalKeys(identity, accountId, tags),
  }
}

/** A policy that is gone from the file allows nothing, and the session stays narrowed. */
function sessionPolicies({ policies, policyArns }: Session, identities: Identities): Policy[] | undefined {
  if (!policies && !policyArns) return undefined
  const own = (policies ?? []).map((text) => compilePolicy(text, 'session policy', undefined))
  const named = (policyArns ?? []).flatMap((arn) => {
    const document = identities.policies.get(arn)
    return document ? [compilePolicy(document, 'session policy', parseArn(arn)?.resource.slice('policy/'.length))] : []
  })
  return [...own, ...named]
}
