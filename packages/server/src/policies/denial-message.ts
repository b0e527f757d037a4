import type { Decision, PolicyKind } from './policy.ts'

/**
 * AWS's sentence for a refusal.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
 * @param principalArn of a session, the session's
 * @param resource an ARN; where the account is concerned (`*`) the sentence names none
 */
export function denialMessage(
  principalArn: string,
  action: string,
  resource: string,
  decision: Decision & { readonly allowed: false },
): string {
  const on = resource === '*' ? '' : ` on resource: ${resource}`
  const why =
    decision.denial === 'explicit'
      ? `with an explicit deny in ${article[decision.kind]} ${decision.kind}`
      : `because no ${decision.kind} allows the ${action} action`
  return `User: ${principalArn} is not authorized to perform: ${action}${on} ${why}`
}

const article: Readonly<Record<PolicyKind, string>> = {
  'identity-based policy': 'an',
  'resource-based policy': 'a',
  'role trust policy': 'the',
  'permissions boundary': 'a',
  'session policy': 'a',
  'VPC endpoint policy': 'a',
}
