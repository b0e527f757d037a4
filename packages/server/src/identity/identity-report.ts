import type { Place } from '../core/arn.ts'
import type { IdentityDocument, PolicyEntry } from './identity-document.ts'
import { entryName } from './identity-edits.ts'
import { roleArn, userArn } from './names.ts'

/** Who is in a file and by what, in lines. Never a secret. */
export function identityReport(document: IdentityDocument, place: Place): string[] {
  const { users = [], groups = [], roles = [], policies = [] } = document
  const lines: string[] = []
  const section = (title: string, entries: readonly string[][]) => {
    if (entries.length > 0) lines.push(...(lines.length > 0 ? [''] : []), title, ...entries.flat())
  }
  section(
    'Users',
    users.map((user) => [
      `  ${user.name}  ${userArn({ ...place, accountId: user.accountId ?? place.accountId }, user.path ?? '/', user.name)}`,
      ...(user.accessKeys ?? []).map(
        ({ id, status }) => `    key     ${id}${status === 'Inactive' ? ' (inactive)' : ''}`,
      ),
      ...policyLines(user.policies),
      ...(user.groups ?? []).map((name) => `    group   ${name}`),
      ...boundaryLines(user.permissionsBoundary),
    ]),
  )
  section(
    'Groups',
    groups.map(({ name, policies }) => [`  ${name}`, ...policyLines(policies)]),
  )
  section(
    'Roles',
    roles.map((role) => [
      `  ${role.name}  ${roleArn({ ...place, accountId: role.accountId ?? place.accountId }, role.path ?? '/', role.name)}`,
      `    trusts  ${trusted(role.trustPolicy.Statement)}`,
      ...policyLines(role.policies),
      ...boundaryLines(role.permissionsBoundary),
    ]),
  )
  section(
    'Policies',
    policies.map(({ name }) => [`  ${name}`]),
  )
  return lines.length > 0 ? lines : ['Nobody is in the file yet: millrace identity add-user NAME']
}

const policyLines = (entries: readonly PolicyEntry[] = []) =>
  entries.map((entry, i) => `    policy  ${entryName(entry) ?? `#${i} (without a name)`}`)

const boundaryLines = (boundary: PolicyEntry | undefined) =>
  boundary === undefined ? [] : [`    bounded by ${entryName(boundary) ?? 'a policy without a name'}`]

/** The principals of a trust policy's statements, as they stand there. */
function trusted(statements: unknown): string {
  const all = (Array.isArray(statements) ? statements : [statements]) as { Effect?: string; Principal?: unknown }[]
  const names = all.flatMap(({ Effect, Principal }) => {
    if (Effect !== 'Allow') return []
    return typeof Principal === 'object' && Principal !== null ? Object.values(Principal).flat() : [Principal]
  })
  return names.join(', ') || 'nobody'
}
