import type { Caller } from '../core/caller.ts'

/**
 * `userIdentity` of a record. Without an identity file nobody has proved who they are: the key is what the request said,
 * and the type is AWS's `Unknown`.
 */
export function userIdentityOf({ accountId, accessKeyId, identity }: Caller): Readonly<Record<string, unknown>> {
  if (!identity) return { type: 'Unknown', accountId, accessKeyId }
  const { type, principalId, arn, name, session } = identity
  const ownAccountId = arn.split(':')[4] || accountId
  const attributes = session && { creationDate: isoSeconds(session.createdAtMs), mfaAuthenticated: 'false' }
  const whose = { type, principalId, arn, accountId: ownAccountId, accessKeyId }
  if (type === 'IAMUser') return { ...whose, userName: name, ...(attributes && { sessionContext: { attributes } }) }
  const issuer = session && {
    type: 'Role',
    principalId: session.issuer.principalId,
    arn: session.issuer.arn,
    accountId: session.issuer.arn.split(':')[4] || ownAccountId,
    userName: session.issuer.name,
  }
  return { ...whose, ...(session && { sessionContext: { sessionIssuer: issuer, attributes } }) }
}

/** `2026-01-01T00:00:00Z` */
export const isoSeconds = (epochMs: number) => `${new Date(epochMs).toISOString().slice(0, 19)}Z`
