import assert from 'node:assert/strict'
import { deflateRawSync } from 'node:zlib'
import type { Clock, Random } from '@millrace/ports'
import type { Place } from '../core/arn.ts'
import type { Caller } from '../core/caller.ts'
import type {
  AssumedRole,
  AssumeRoleRequest,
  RoleSessions,
  TemporaryCredentials,
  TemporaryKeys,
} from '../core/temporary-keys.ts'
import { compilePolicy } from '../policies/compile-policy.ts'
import { decide } from '../policies/decide.ts'
import { MalformedPolicy } from '../policies/malformed-policy.ts'
import type { Identities, Role } from './identities.ts'
import { newAccessKeyId, newSecret, sessionArn } from './names.ts'
import {
  longerThanChain,
  longerThanRole,
  malformedSessionPolicy,
  notAuthorized,
  packedTooLarge,
  policyNotThere,
  repeatedTag,
  sessionCallsSessionToken,
  sourceIdentityChanged,
  tagOfCallingSession,
  transitiveTagNotThere,
} from './session-faults.ts'
import { type Session, type SessionTokens, tokenLengthMax } from './session-token.ts'

/** A role that a session assumes is lent for an hour at most. */
const chainedS = 3600
/** Of what runs inside the server. */
const serviceSessionS = 43_200
/** Room for policies and tags in a token, when they are packed: with it a token stays below `tokenLengthMax`. */
const packedBytesMax = 2000

export type SessionsParts = {
  readonly place: Place
  readonly clock: Clock
  readonly random: Random
  readonly tokens: SessionTokens
  /** Those that are in force now. */
  readonly identities: () => Identities
}

/** Begins sessions, and remembers none: all of one is in its token. */
export class Sessions implements TemporaryCredentials, RoleSessions {
  readonly #parts: SessionsParts

  constructor(parts: SessionsParts) {
    this.#parts = parts
  }

  assumeRole(caller: Caller, request: AssumeRoleRequest): AssumedRole {
    const identities = this.#parts.identities()
    const role = identities.roles.get(request.roleArn)
    const callerArn = caller.identity?.arn ?? ''
    if (!role) throw notAuthorized(callerArn, request.roleArn)
    const outer = caller.identity?.session
    if (caller.identity?.type === 'AssumedRole' && request.durationS > chainedS) throw longerThanChain()
    if (request.durationS > role.maxSessionS) throw longerThanRole()
    const { sourceIdentity = outer?.sourceIdentity } = request
    if (outer?.sourceIdentity !== undefined && sourceIdentity !== outer.sourceIdentity)
      throw sourceIdentityChanged(callerArn, request.roleArn)
    const narrowed = { ...policiesOf(request, identities), ...tagsOf(request, outer?.transitiveTags ?? new Map()) }
    const packedPercent = packedPercentOf(narrowed)
    return {
      ...this.#begin(role, request.sessionName, request.durationS, {
        ...narrowed,
        ...(sourceIdentity !== undefined && { sourceIdentity }),
      }),
      sourceIdentity,
      packedPercent,
    }
  }

  sessionToken({ identity, accessKeyId }: Caller, durationS: number): TemporaryKeys {
    if (!identity || identity.session) throw sessionCallsSessionToken()
    return this.#seal(durationS, { of: { kind: 'user', arn: identity.arn, accessKeyId } })
  }

  begin(roleArn: string, sessionName: string, service: string): TemporaryKeys {
    const role = this.#parts.identities().roles.get(roleArn)
    if (!role) throw new Error(`there is no role ${roleArn} in the identity file`)
    const { accountId } = role
    const principal = { accountId, arn: service, service }
    const request = {
      action: 'sts:AssumeRole',
      resource: roleArn,
      resourceAccountId: accountId,
      principal,
      keys: new Map(),
    }
    if (!decide(request, { identity: [], resource: role.trustPolicy }).allowed)
      throw new Error(`the trust policy of ${roleArn} does not let ${service} assume it`)
    return this.#begin(role, sessionName, serviceSessionS, {}).keys
  }

  identityOf({ accountId, identity }: Caller) {
    assert(identity, 'where there is an identity file, every caller is somebody')
    return { arn: identity.arn, id: identity.principalId, accountId }
  }

  accountOf(accessKeyId: string): string | undefined {
    return this.#parts.identities().keys.get(accessKeyId)?.principal.accountId
  }

  role(arn: string) {
    const role = this.#parts.identities().roles.get(arn)
    return role && { trustPolicy: JSON.stringify(role.trustDocument), tags: role.tags }
  }

  #begin({ accountId, name, arn, id }: Role, sessionName: string, durationS: number, more: Partial<Session>) {
    const { region } = this.#parts.place
    return {
      keys: this.#seal(durationS, { ...more, of: { kind: 'role', arn, sessionName } }),
      arn: sessionArn({ accountId, region }, name, sessionName),
      id: `${id}:${sessionName}`,
    }
  }

  #seal(durationS: number, session: Pick<Session, 'of'> & Partial<Session>): TemporaryKeys {
    const { clock, random, tokens } = this.#parts
    const accessKeyId = newAccessKeyId('ASIA', random)
    const secret = newSecret(random)
    const createdAtMs = Math.floor(clock.nowMs() / 1000) * 1000 // clients are told whole seconds
    const expiresAtMs = createdAtMs + durationS * 1000
    const sessionToken = tokens.seal({ ...session, accessKeyId, secret, createdAtMs, expiresAtMs })
    assert(sessionToken.length <= tokenLengthMax, 'what goes into a token is bounded')
    return { accessKeyId, secret, sessionToken, expiresAtMs }
  }
}

type Narrowed = Pick<Session, 'policies' | 'policyArns' | 'tags' | 'transitiveTags'>

function policiesOf({ policy, policyArns }: AssumeRoleRequest, identities: Identities): Narrowed {
  for (const arn of policyArns) if (!identities.policies.has(arn)) throw policyNotThere(arn)
  if (policy !== undefined)
    try {
      compilePolicy(policy, 'session policy', undefined)
    } catch (error) {
      throw error instanceof MalformedPolicy ? malformedSessionPolicy(error) : error
    }
  return { ...(policy !== undefined && { policies: [policy] }), ...(policyArns.length > 0 && { policyArns }) }
}

/** @param inherited what the calling session hands on: it stays as it is */
function tagsOf({ tags, transitiveTagKeys }: AssumeRoleRequest, inherited: ReadonlyMap<string, string>): Narrowed {
  const seen = new Set<string>()
  const handedOn = new Set([...inherited.keys()].map((key) => key.toLowerCase()))
  for (const [key] of tags) {
    const name = key.toLowerCase()
    if (seen.has(name)) throw repeatedTag()
    if (handedOn.has(name)) throw tagOfCallingSession()
    seen.add(name)
  }
  if (transitiveTagKeys.some((key) => !tags.some(([name]) => name === key))) throw transitiveTagNotThere()
  const all = [...inherited, ...tags]
  const transitiveTags = [...inherited.keys(), ...transitiveTagKeys]
  return {
    ...(all.length > 0 && { tags: Object.fromEntries(all) }),
    ...(transitiveTags.length > 0 && { transitiveTags }),
  }
}

/** @throws PackedPolicyTooLarge */
function packedPercentOf(narrowed: Narrowed): number | undefined {
  if (Object.keys(narrowed).length === 0) return undefined
  const percent = Math.ceil((100 * deflateRawSync(JSON.stringify(narrowed)).length) / packedBytesMax)
  if (percent > 100) throw packedTooLarge(percent)
  return percent
}
