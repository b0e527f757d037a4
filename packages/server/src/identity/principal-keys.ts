import type { ConditionKeys } from '../core/access.ts'
import type { CallerIdentity } from '../core/caller.ts'

/**
 * What conditions may ask of who calls.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principal-properties
 */
export function principalKeys(
  { type, arn, principalId, name, session }: CallerIdentity,
  accountId: string,
  tags: ReadonlyMap<string, string>,
): ConditionKeys {
  const keys = new Map<string, readonly string[]>([
    // Of a session it is the role's: policies name roles, not sessions.
    ['aws:principalarn', [type === 'AssumedRole' && session ? session.issuer.arn : arn]],
    ['aws:principalaccount', [accountId]],
    ['aws:principaltype', [type === 'IAMUser' ? 'User' : 'AssumedRole']],
    ['aws:principalisawsservice', ['false']],
    ['aws:userid', [principalId]],
  ])
  if (type === 'IAMUser') keys.set('aws:username', [name])
  if (session) {
    keys.set('aws:tokenissuetime', [new Date(session.createdAtMs).toISOString()])
    keys.set('aws:multifactorauthpresent', ['false']) // only temporary keys have it at all
    if (session.sourceIdentity !== undefined) keys.set('aws:sourceidentity', [session.sourceIdentity])
  }
  for (const [tag, value] of tags) keys.set(`aws:principaltag/${tag.toLowerCase()}`, [value])
  return keys
}
