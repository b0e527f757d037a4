import type { Place } from '../core/arn.ts'
import type { CallerIdentity } from '../core/caller.ts'
import type { Policy } from '../policies/policy.ts'
import type { Credential, Principal, PrincipalPolicies } from './credentials.ts'
import type { IdentityDocument, PolicyDocument, RoleDocument, UserDocument } from './identity-document.ts'
import { readIdentityDocument, wrong } from './identity-reader.ts'
import { policyArn, roleArn, uniqueId, userArn } from './names.ts'
import { PolicyReader } from './policy-reader.ts'
import { principalKeys } from './principal-keys.ts'

/** A role, ready to be assumed. */
export type Role = {
  readonly arn: string
  readonly accountId: string
  readonly name: string
  /** `AROA…` */
  readonly id: string
  readonly trustPolicy: Policy
  readonly trustDocument: PolicyDocument
  readonly policies: PrincipalPolicies
  readonly maxSessionS: number
  readonly tags: ReadonlyMap<string, string>
}

/** What an identity file says, checked as a whole and ready for use. It never changes: another file makes another one. */
export type Identities = {
  /** By access key id; keys that are inactive are not there. */
  readonly keys: ReadonlyMap<string, Credential>
  /** By ARN. */
  readonly users: ReadonlyMap<string, Principal>
  /** By ARN. */
  readonly roles: ReadonlyMap<string, Role>
  /** Policies with a name, by ARN. */
  readonly policies: ReadonlyMap<string, PolicyDocument>
}

/** @throws IdentityError that names the place: of the form, of a name that occurs twice, of what no policy may say */
export function identitiesOf(given: unknown, place: Place): Identities {
  const document = readIdentityDocument(given)
  const reader = new PolicyReader(document.policies ?? [])
  const users = usersOf(document, place, reader)
  const policies = new Map((document.policies ?? []).map(({ name, document }) => [policyArn(place, name), document]))
  return { ...users, roles: rolesOf(document, place, reader), policies }
}

function usersOf(document: IdentityDocument, place: Place, reader: PolicyReader): Pick<Identities, 'users' | 'keys'> {
  const groups = groupsOf(document, reader)
  const users = new Map<string, Principal>()
  const keys = new Map<string, Credential>()
  const [names, ids] = [new Set<string>(), new Set<string>()]
  for (const [i, user] of (document.users ?? []).entries()) {
    const at = `users[${i}]`
    addOnce(names, ownName(user, place), `${at}.name`, user.name)
    const principal = userPrincipal(user, at, place, reader, groups)
    users.set(principal.identity.arn, principal)
    for (const [k, { id, secret, status }] of (user.accessKeys ?? []).entries()) {
      addOnce(ids, id, `${at}.accessKeys[${k}].id`, id)
      if (status !== 'Inactive') keys.set(id, { accessKeyId: id, secret, principal })
    }
  }
  return { users, keys }
}

type Groups = ReadonlyMap<string, readonly Policy[]>

function groupsOf(document: IdentityDocument, reader: PolicyReader): Groups {
  const groups = new Map<string, readonly Policy[]>()
  const names = new Set<string>()
  for (const [i, { name, policies = [] }] of (document.groups ?? []).entries()) {
    addOnce(names, name.toLowerCase(), `groups[${i}].name`, name)
    groups.set(name, reader.readAll(policies, 'identity-based policy', `groups[${i}].policies`))
  }
  return groups
}

function userPrincipal(user: UserDocument, at: string, place: Place, reader: PolicyReader, groups: Groups): Principal {
  const accountId = user.accountId ?? place.accountId
  const arn = userArn({ ...place, accountId }, user.path ?? '/', user.name)
  const identity: CallerIdentity = { type: 'IAMUser', arn, principalId: uniqueId('AIDA', arn), name: user.name }
  const { policies, tags } = boundPolicies(user, at, reader)
  const ofGroups = (user.groups ?? []).flatMap((name, i) => {
    const found = groups.get(name)
    if (!found) throw wrong(`${at}.groups[${i}]`, `there is no group "${name}"`)
    return found
  })
  return {
    accountId,
    identity,
    tags,
    policies: { ...policies, identity: [...policies.identity, ...ofGroups] },
    keys: principalKeys(identity, accountId, tags),
  }
}

function rolesOf(document: IdentityDocument, place: Place, reader: PolicyReader): ReadonlyMap<string, Role> {
  const roles = new Map<string, Role>()
  const names = new Set<string>()
  for (const [i, role] of (document.roles ?? []).entries()) {
    const at = `roles[${i}]`
    addOnce(names, ownName(role, place), `${at}.name`, role.name)
    const accountId = role.accountId ?? place.accountId
    const arn = roleArn({ ...place, accountId }, role.path ?? '/', role.name)
    roles.set(arn, {
      arn,
      accountId,
      name: role.name,
      id: uniqueId('AROA', arn),
      trustPolicy: reader.read(role.trustPolicy, 'role trust policy', `${at}.trustPolicy`),
      trustDocument: role.trustPolicy,
      maxSessionS: role.maxSessionDuration ?? 3600,
      ...boundPolicies(role, at, reader),
    })
  }
  return roles
}

function boundPolicies(
  { policies, permissionsBoundary, tags }: UserDocument | RoleDocument,
  at: string,
  reader: PolicyReader,
) {
  const held: PrincipalPolicies = {
    identity: reader.readAll(policies ?? [], 'identity-based policy', `${at}.policies`),
    boundary:
      permissionsBoundary === undefined
        ? undefined
        : reader.read(permissionsBoundary, 'permissions boundary', `${at}.permissionsBoundary`),
  }
  return { policies: held, tags: new Map(Object.entries(tags ?? {})) }
}

/** Names are told apart neither by case nor by path. */
const ownName = ({ name, accountId }: UserDocument | RoleDocument, place: Place) =>
  `${accountId ?? place.accountId}/${name.toLowerCase()}`

function addOnce(seen: Set<string>, key: string, place: string, shown: string): void {
  if (seen.has(key)) throw wrong(place, `"${shown}" occurs twice`)
  seen.add(key)
}
