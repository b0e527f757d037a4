import type { RequestPrincipal } from './policy.ts'

/*
 * Whom a resource's policy names. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
 */

/**
 * How the caller is named:
 * - `self`: the user or the session that calls, or everybody. Nothing else is needed in the same account.
 * - `role`: the role of the session. Its boundary and session policies still bound it.
 * - `account`: the caller's account, which may then allow it by policies of its own.
 */
export type Naming = 'self' | 'role' | 'account'

export type Principals = {
  readonly isEverybody: boolean
  readonly accountIds: ReadonlySet<string>
  /** Of users, roles and sessions. */
  readonly arns: ReadonlySet<string>
  /** e.g. `firehose.amazonaws.com` */
  readonly services: ReadonlySet<string>
}

export function namingOf(principals: Principals, principal: RequestPrincipal): Naming | undefined {
  if (principals.isEverybody) return 'self'
  if (principal.service !== undefined) return principals.services.has(principal.service) ? 'self' : undefined
  if (principals.arns.has(principal.arn)) return 'self'
  if (principal.roleArn !== undefined && principals.arns.has(principal.roleArn)) return 'role'
  return principals.accountIds.has(principal.accountId) ? 'account' : undefined
}

/**
 * Whether `NotPrincipal` leaves the caller out. AWS looks at the account, then the role, then the session: a Deny spares
 * only whom it names by all of these, and an Allow passes over whom it names by one.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
 */
export function isLeftOut(principals: Principals, principal: RequestPrincipal, effect: 'Allow' | 'Deny'): boolean {
  if (principals.isEverybody) return true
  if (principal.service !== undefined) return principals.services.has(principal.service)
  const hasAccount = principals.accountIds.has(principal.accountId)
  const hasRole = principal.roleArn !== undefined && principals.arns.has(principal.roleArn)
  const hasSelf = principals.arns.has(principal.arn)
  if (effect === 'Allow') return hasAccount || hasRole || hasSelf
  return hasAccount && hasSelf && (hasRole || principal.roleArn === undefined)
}

/** One entry of `"AWS"`; undefined for what names nobody. Wildcards inside of an ARN are not allowed. */
export function readAwsPrincipal(text: string): { accountId: string } | { arn: string } | '*' | undefined {
  if (text === '*') return '*'
  if (isAccountId(text)) return { accountId: text }
  const [arn, partition, service, region, accountId, ...rest] = text.split(':')
  const resource = rest.join(':')
  if (arn !== 'arn' || !partition?.startsWith('aws') || region !== '' || !isAccountId(accountId ?? '')) return undefined
  if (text.includes('*') || text.includes('?')) return undefined
  const [type, ...names] = resource.split('/')
  const isNamed = names.length > 0 && names.every((name) => name !== '')
  if (service === 'iam') {
    if (resource === 'root') return { accountId: accountId! }
    return (type === 'user' || type === 'role') && isNamed ? { arn: text } : undefined
  }
  if (service !== 'sts' || !isNamed) return undefined
  if (type === 'assumed-role') return names.length === 2 ? { arn: text } : undefined
  return type === 'federated-user' ? { arn: text } : undefined
}

function isAccountId(text: string): boolean {
  if (text.length !== 12) return false
  for (const digit of text) if (digit < '0' || digit > '9') return false
  return true
}
