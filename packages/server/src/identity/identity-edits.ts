import type { Place } from '../core/arn.ts'
import type {
  AccessKeyDocument,
  IdentityDocument,
  PolicyDocument,
  PolicyEntry,
  RoleDocument,
  UserDocument,
} from './identity-document.ts'
import { IdentityError } from './identity-reader.ts'
import { accountPattern, roleArn, userArn } from './names.ts'

/*
 * Changes of an identity document: document in, document out. What was written by hand stays as it was written. Whether the
 * result is one is asked afterwards, of all of it.
 */

export function addUser(document: IdentityDocument, user: UserDocument): IdentityDocument {
  if (document.users?.some(({ name }) => name === user.name))
    throw new IdentityError(`there is a user ${user.name} already`)
  return { ...document, users: [...(document.users ?? []), user] }
}

export function addRole(document: IdentityDocument, role: RoleDocument): IdentityDocument {
  if (document.roles?.some(({ name }) => name === role.name))
    throw new IdentityError(`there is a role ${role.name} already`)
  return { ...document, roles: [...(document.roles ?? []), role] }
}

export function removeUser(document: IdentityDocument, name: string): IdentityDocument {
  findUser(document, name)
  return { ...document, users: document.users!.filter((user) => user.name !== name) }
}

export function removeRole(document: IdentityDocument, name: string): IdentityDocument {
  findRole(document, name)
  return { ...document, roles: document.roles!.filter((role) => role.name !== name) }
}

export const addKey = (document: IdentityDocument, userName: string, key: AccessKeyDocument): IdentityDocument =>
  changeUser(document, userName, (user) => ({ ...user, accessKeys: [...(user.accessKeys ?? []), key] }))

/** Returns whose it was, too. */
export function removeKey(document: IdentityDocument, keyId: string): { document: IdentityDocument; userName: string } {
  const user = document.users?.find(({ accessKeys }) => accessKeys?.some(({ id }) => id === keyId))
  if (!user) throw new IdentityError(`there is no access key ${keyId}`)
  const without = (given: UserDocument) => ({
    ...given,
    accessKeys: given.accessKeys?.filter(({ id }) => id !== keyId) ?? [],
  })
  return { document: changeUser(document, user.name, without), userName: user.name }
}

/** Whom a name means: `user/NAME`, `role/NAME`, or a name that only one of them has. */
export type Holder = { readonly kind: 'user' | 'role'; readonly name: string }

export function holderOf(document: IdentityDocument, text: string): Holder {
  const [kind, ...rest] = text.split('/')
  if ((kind === 'user' || kind === 'role') && rest.length > 0) {
    const holder = { kind, name: rest.join('/') } as const
    if (kind === 'user') findUser(document, holder.name)
    else findRole(document, holder.name)
    return holder
  }
  const isUser = document.users?.some(({ name }) => name === text)
  const isRole = document.roles?.some(({ name }) => name === text)
  if (isUser && isRole) throw new IdentityError(`${text} is a user and a role: say user/${text} or role/${text}`)
  if (!isUser && !isRole) throw new IdentityError(`there is no user and no role ${text}${known(document)}`)
  return { kind: isUser ? 'user' : 'role', name: text }
}

export const attachPolicy = (document: IdentityDocument, holder: Holder, entry: PolicyEntry): IdentityDocument =>
  changePolicies(document, holder, (policies) => {
    const name = entryName(entry)
    if (name !== undefined && policies.some((other) => entryName(other) === name))
      throw new IdentityError(`${holder.kind} ${holder.name} has a policy ${name} already: detach it first`)
    return [...policies, entry]
  })

export const detachPolicy = (document: IdentityDocument, holder: Holder, name: string): IdentityDocument =>
  changePolicies(document, holder, (policies) => {
    const rest = policies.filter((entry, i) => entryName(entry) !== name && `#${i}` !== name)
    if (rest.length === policies.length)
      throw new IdentityError(`${holder.kind} ${holder.name} has no policy ${name}; those without a name are #0, #1, …`)
    return rest
  })

/** For whoever may see who is there. */
export const withoutSecrets = (document: IdentityDocument): unknown => ({
  ...document,
  users: document.users?.map((user) => ({
    ...user,
    accessKeys: user.accessKeys?.map(({ secret: _, ...rest }) => rest) ?? [],
  })),
})

/** What a policy is called in the file; undefined for one without a name. */
export function entryName(entry: PolicyEntry): string | undefined {
  if (typeof entry === 'string') return entry
  return 'document' in entry ? entry.name : undefined
}

/**
 * A trust policy for those named: a user of the file, `role/NAME`, an account, an ARN, or a service
 * (`lambda.amazonaws.com`).
 */
export function trustPolicyFor(document: IdentityDocument, trusted: readonly string[], place: Place): PolicyDocument {
  const services = trusted.filter((name) => /^[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com(\.cn)?$/.test(name))
  const principals = trusted
    .filter((name) => !services.includes(name))
    .map((name) => principalOf(document, name, place))
  const Principal = {
    ...(principals.length > 0 && { AWS: principals }),
    ...(services.length > 0 && { Service: services }),
  }
  return { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal, Action: 'sts:AssumeRole' }] }
}

const principalOf = (document: IdentityDocument, name: string, place: Place): string =>
  accountPattern.test(name) ? name : arnOf(document, name, place)

/** The ARN of whom a name means; one that is an ARN already stays. */
export function arnOf(document: IdentityDocument, name: string, place: Place): string {
  if (name.startsWith('arn:')) return name
  const holder = holderOf(document, name)
  if (holder.kind === 'user') {
    const { path = '/', accountId = place.accountId } = findUser(document, holder.name)
    return userArn({ ...place, accountId }, path, holder.name)
  }
  const { path = '/', accountId = place.accountId } = findRole(document, holder.name)
  return roleArn({ ...place, accountId }, path, holder.name)
}

function findUser(document: IdentityDocument, name: string): UserDocument {
  const user = document.users?.find((each) => each.name === name)
  if (!user) throw new IdentityError(`there is no user ${name}${known(document)}`)
  return user
}

function findRole(document: IdentityDocument, name: string): RoleDocument {
  const role = document.roles?.find((each) => each.name === name)
  if (!role) throw new IdentityError(`there is no role ${name}${known(document)}`)
  return role
}

/** For whoever mistyped a name. */
function known({ users = [], roles = [] }: IdentityDocument): string {
  const names = [...users.map(({ name }) => name), ...roles.map(({ name }) => `role/${name}`)].slice(0, 10)
  return names.length === 0 ? ': there are none yet' : `; there are ${names.join(', ')}`
}

function changeUser(
  document: IdentityDocument,
  name: string,
  change: (user: UserDocument) => UserDocument,
): IdentityDocument {
  findUser(document, name)
  return { ...document, users: document.users!.map((user) => (user.name === name ? change(user) : user)) }
}

function changePolicies(
  document: IdentityDocument,
  { kind, name }: Holder,
  change: (policies: readonly PolicyEntry[]) => readonly PolicyEntry[],
): IdentityDocument {
  if (kind === 'user') return changeUser(document, name, (user) => ({ ...user, policies: change(user.policies ?? []) }))
  const roles = document.roles!.map((role) =>
    role.name === name ? { ...role, policies: change(role.policies ?? []) } : role,
  )
  return { ...document, roles }
}
