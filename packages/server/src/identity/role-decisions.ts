import type { Clock } from '@millrace/ports'
import type { ConditionKeys, Need, ResourceGuard } from '../core/access.ts'
import type { Place } from '../core/arn.ts'
import type { CallerIdentity } from '../core/caller.ts'
import { LazyKeys } from '../core/lazy-keys.ts'
import type { RoleAccess, RoleActor } from '../core/role-access.ts'
import { decide } from '../policies/decide.ts'
import { denialMessage } from '../policies/denial-message.ts'
import { ResourcePolicies } from '../policies/resource-policies.ts'
import type { Identities, Role } from './identities.ts'
import { sessionArn } from './names.ts'
import { principalKeys } from './principal-keys.ts'

type Parts = {
  readonly place: Place
  readonly clock: Clock
  /** Those that are in force now. */
  readonly identities: () => Identities
  /** Of the resources that are asked for. */
  readonly guard: () => ResourceGuard
}

/** Decides for parts of the server that act by a role, by the identity file as it is at that moment. */
export class RoleDecisions implements RoleAccess {
  readonly #parts: Parts
  readonly #resourcePolicies = new ResourcePolicies()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  mayAssume(actor: Pick<RoleActor, 'roleArn' | 'service'>): boolean {
    return this.#assumed(actor) !== undefined
  }

  refusal(actor: RoleActor, needs: readonly Need[]): string | undefined {
    const role = this.#assumed(actor)
    if (!role) return `${actor.service} is unable to assume role ${actor.roleArn}.`
    const { place } = this.#parts
    const { accountId, policies } = role
    const arn = sessionArn({ ...place, accountId }, role.name, actor.sessionName)
    const principal = { accountId, arn, roleArn: role.arn }
    const ofRole = this.#keysOf(role, actor, arn)
    for (const { action, resource, keys } of needs) {
      const resourceAccountId = resource.split(':', 5)[4] || place.accountId
      const guard = this.#parts.guard()
      const all = { get: (name: string) => ofRole.get(name) ?? keys?.get(name) ?? resourceTag(guard, resource, name) }
      const set = { ...policies, resource: this.#resourcePolicies.of(guard, resource) }
      const decision = decide({ action, resource, resourceAccountId, principal, keys: all }, set)
      if (!decision.allowed) return denialMessage(arn, action, resource, decision)
    }
    return undefined
  }

  #assumed({ roleArn, service }: Pick<RoleActor, 'roleArn' | 'service'>): Role | undefined {
    const role = this.#parts.identities().roles.get(roleArn)
    if (!role) return undefined
    const { accountId, trustPolicy } = role
    const principal = { accountId, arn: service, service }
    const wanted = { action: 'sts:AssumeRole', resource: roleArn, resourceAccountId: accountId, principal }
    // Whoever acts by the role does so for this account.
    const keys = new Map([['aws:sourceaccount', [this.#parts.place.accountId]]])
    return decide({ ...wanted, keys }, { identity: [], resource: trustPolicy }).allowed ? role : undefined
  }

  #keysOf({ accountId, arn: roleArn, id, name, tags }: Role, { sessionName }: RoleActor, arn: string): ConditionKeys {
    const { clock, place } = this.#parts
    const principalId = `${id}:${sessionName}`
    const nowMs = clock.nowMs()
    const issuer = { arn: roleArn, principalId: id, name }
    const session = { createdAtMs: nowMs, expiresAtMs: nowMs, issuer }
    const identity: CallerIdentity = { type: 'AssumedRole', arn, principalId, name, session }
    const principal = principalKeys(identity, accountId, tags)
    const ofRequest = new LazyKeys({
      'aws:currenttime': () => [new Date(nowMs).toISOString()],
      'aws:epochtime': () => [String(Math.floor(nowMs / 1000))],
      'aws:requestedregion': () => [place.region],
      'aws:securetransport': () => ['true'],
      'aws:viaawsservice': () => ['false'],
    })
    return { get: (key) => principal.get(key) ?? ofRequest.get(key) }
  }
}

const prefix = 'aws:resourcetag/'

function resourceTag(guard: ResourceGuard, resource: string, name: string): readonly string[] | undefined {
  if (!name.startsWith(prefix)) return undefined
  for (const [key, value] of guard.tagsOf(resource) ?? [])
    if (key.toLowerCase() === name.slice(prefix.length)) return [value]
  return undefined
}
