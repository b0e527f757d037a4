import type { CallerIdentity } from '../core/caller.ts'

/* What the gateway asks of whoever knows the users. */

/** A key that may sign. */
export type Credential = {
  readonly accessKeyId: string
  readonly secret: string
  readonly principal: Principal
}

/** Who has a key, and what decides about what it may do. */
export type Principal = {
  readonly accountId: string
  readonly identity: CallerIdentity
  /** `aws:PrincipalTag/…` */
  readonly tags: ReadonlyMap<string, string>
}

export interface Credentials {
  /**
   * The key by that id, with the session token that came with it: temporary keys need theirs, others have none.
   * Undefined for what is not known, and for a token that does not fit. @throws ExpiredTokenException
   */
  find(accessKeyId: string, sessionToken: string | undefined): Credential | undefined
}
