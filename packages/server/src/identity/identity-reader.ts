import type {
  AccessKeyDocument,
  GroupDocument,
  IdentityDocument,
  NamedPolicy,
  PolicyDocument,
  PolicyEntry,
  RoleDocument,
  UserDocument,
} from './identity-document.ts'
import {
  accessKeyIdPattern,
  accountPattern,
  namePattern,
  pathPattern,
  roleNamePattern,
  secretPattern,
} from './names.ts'

/** What is wrong in an identity file: one line that begins with the place, e.g. `users[2].accessKeys[0].secret`. */
export class IdentityError extends Error {}

export const wrong = (place: string, what: string) => new IdentityError(place === '' ? what : `${place} ${what}`)

/** AWS gives a user two keys; those who rotate them by machine may need a few more at once. */
const accessKeysMax = 10
const entriesMax = 10_000
const tagsMax = 50

/** Looks at the form of all that stands in a file; what its policies say is not looked at. @throws IdentityError */
export function readIdentityDocument(given: unknown): IdentityDocument {
  const { users, groups, roles, policies } = fieldsOf(given, '', ['users', 'groups', 'roles', 'policies'])
  return {
    users: listOf(users, 'users', entriesMax, userOf),
    groups: listOf(groups, 'groups', entriesMax, groupOf),
    roles: listOf(roles, 'roles', entriesMax, roleOf),
    policies: listOf(policies, 'policies', entriesMax, namedPolicyOf),
  }
}

const ofPrincipals = ['name', 'path', 'accountId', 'policies', 'permissionsBoundary', 'tags']

function userOf(given: unknown, place: string): UserDocument {
  const fields = fieldsOf(given, place, [...ofPrincipals, 'accessKeys', 'groups'])
  return {
    ...principalOf(fields, place, namePattern, 128),
    accessKeys: listOf(fields.accessKeys, `${place}.accessKeys`, accessKeysMax, accessKeyOf),
    groups: listOf(fields.groups, `${place}.groups`, entriesMax, nameOf),
  }
}

function roleOf(given: unknown, place: string): RoleDocument {
  const fields = fieldsOf(given, place, [...ofPrincipals, 'trustPolicy', 'maxSessionDuration'])
  if (fields.trustPolicy === undefined) throw wrong(`${place}.trustPolicy`, 'is missing: who may assume the role?')
  const { maxSessionDuration: longest = 3600 } = fields
  if (typeof longest !== 'number' || !Number.isInteger(longest) || longest < 3600 || longest > 43_200)
    throw wrong(`${place}.maxSessionDuration`, 'must be a whole number of seconds from 3600 to 43200')
  return {
    ...principalOf(fields, place, roleNamePattern, 64),
    trustPolicy: policyDocumentOf(fields.trustPolicy, `${place}.trustPolicy`),
    maxSessionDuration: longest,
  }
}

function groupOf(given: unknown, place: string): GroupDocument {
  const { name, policies } = fieldsOf(given, place, ['name', 'policies'])
  return { name: nameOf(name, `${place}.name`), policies: policiesOf(policies, `${place}.policies`) }
}

function principalOf(fields: Fields, place: string, pattern: RegExp, lengthMax: number) {
  const { name, path = '/', accountId, policies, permissionsBoundary: boundary, tags } = fields
  return {
    name: textOf(name, `${place}.name`, pattern, `1 to ${lengthMax} letters, digits or any of _+=,.@-`),
    path: textOf(path, `${place}.path`, pathPattern, 'a path that begins and ends with a slash'),
    ...(accountId !== undefined && {
      accountId: textOf(accountId, `${place}.accountId`, accountPattern, 'twelve digits'),
    }),
    policies: policiesOf(policies, `${place}.policies`),
    ...(boundary !== undefined && { permissionsBoundary: policyOf(boundary, `${place}.permissionsBoundary`) }),
    tags: tagsOf(tags, `${place}.tags`),
  }
}

function accessKeyOf(given: unknown, place: string): AccessKeyDocument {
  const { id, secret, status = 'Active' } = fieldsOf(given, place, ['id', 'secret', 'status'])
  if (status !== 'Active' && status !== 'Inactive') throw wrong(`${place}.status`, 'must be "Active" or "Inactive"')
  return {
    id: textOf(
      id,
      `${place}.id`,
      accessKeyIdPattern,
      '16 to 128 letters and digits that do not begin with ASIA, as temporary keys do',
    ),
    secret: textOf(secret, `${place}.secret`, secretPattern, '16 to 128 characters without spaces'),
    status,
  }
}

function tagsOf(given: unknown, place: string): Readonly<Record<string, string>> {
  if (given === undefined) return {}
  const entries = Object.entries(objectOf(given, place))
  if (entries.length > tagsMax) throw wrong(place, `must be at most ${tagsMax} tags`)
  const seen = new Set<string>()
  for (const [key, value] of entries) {
    if (!/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u.test(key))
      throw wrong(`${place}["${key.slice(0, 128)}"]`, 'is not a valid tag key')
    if (typeof value !== 'string' || !/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u.test(value))
      throw wrong(`${place}.${key}`, 'must be a text of at most 256 letters, digits, spaces or any of _.:/=+-@')
    if (seen.has(key.toLowerCase())) throw wrong(`${place}.${key}`, 'occurs twice: case does not count')
    seen.add(key.toLowerCase())
  }
  return Object.fromEntries(entries) as Record<string, string>
}

const policiesOf = (given: unknown, place: string) => listOf(given, place, entriesMax, policyOf)

function policyOf(given: unknown, place: string): PolicyEntry {
  if (typeof given === 'string') return nameOf(given, place)
  return 'Statement' in objectOf(given, place) ? policyDocumentOf(given, place) : namedPolicyOf(given, place)
}

function namedPolicyOf(given: unknown, place: string): NamedPolicy {
  const { name, document } = fieldsOf(given, place, ['name', 'document'])
  return { name: nameOf(name, `${place}.name`), document: policyDocumentOf(document, `${place}.document`) }
}

/** Its statements are looked at where they are compiled. */
function policyDocumentOf(given: unknown, place: string): PolicyDocument {
  const document = objectOf(given, place)
  if (document.Statement === undefined) throw wrong(place, 'must be an IAM policy, with "Version" and "Statement"')
  return document as PolicyDocument
}

const nameOf = (given: unknown, place: string) =>
  textOf(given, place, namePattern, 'a name: 1 to 128 letters, digits or any of _+=,.@-')

type Fields = Readonly<Record<string, unknown>>

function objectOf(given: unknown, place: string): Fields {
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return given as Fields
  throw wrong(place || 'the file', given === undefined ? 'is missing' : 'must be an object')
}

function fieldsOf(given: unknown, place: string, known: readonly string[]): Fields {
  const fields = objectOf(given, place)
  const stranger = Object.keys(fields).find((name) => !known.includes(name))
  if (stranger === undefined) return fields
  throw wrong(
    place === '' ? stranger.slice(0, 100) : `${place}.${stranger.slice(0, 100)}`,
    `is not known: there are ${known.join(', ')}`,
  )
}

function listOf<T>(given: unknown, place: string, max: number, read: (value: unknown, place: string) => T): T[] {
  if (given === undefined) return []
  if (!Array.isArray(given)) throw wrong(place, 'must be a list')
  if (given.length > max) throw wrong(place, `must have at most ${max} entries`)
  return given.map((value, i) => read(value, `${place}[${i}]`))
}

function textOf(given: unknown, place: string, pattern: RegExp, what: string): string {
  if (typeof given === 'string' && pattern.test(given)) return given
  throw wrong(place, given === undefined ? 'is missing' : `must be ${what}`) // what it is, is not told: it may be a secret
}
