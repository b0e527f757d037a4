import type { ConditionKeys } from '../core/access.ts'
import type { CallerIdentity } from '../core/caller.ts'
import type { PolicySet } from '../policies/policy.ts'

/* What the gateway asks of whoever knows the users. */

/** A key that may sign. */
export type Credential = {
  readonly accessKeyId: string
  readonly secret: string
  readonly principal: Principal
}

/** Who has a key, and what decides about what it may do. The same object as long as nothing of it has changed. */
export type Principal = {
  readonly accountId: string
  readonly identity: CallerIdentity
  /** `aws:PrincipalTag/…` */
  readonly tags: ReadonlyMap<string, string>
  readonly policies: PrincipalPolicies
  /** What conditions may ask of who calls: `aws:principalarn`, `aws:userid`, `aws:principaltag/…`, … */
  readonly keys: ConditionKeys
}

/** Of the user and its groups, or of the role; what bounds them; and what a session was narrowed to. */
export type PrincipalPolicies = Pick<PolicySet, 'identity' | 'boundary' | 'session'>

export interface Credentials {
  /**
   * The key by that id, with the session token that came with it: temporary keys need theirs, others have none.
   * Undefined for what is not known, and for a token that does not fit. @throws ExpiredTokenException
   */
  find(accessKeyId: string, sessionToken: string | undefined): Credential | undefined
}
