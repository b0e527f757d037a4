import type { Caller } from './caller.ts'

/* Keys that end: what STS and those who run something in the name of a role ask of whoever knows users and roles. */

/** Keys that end, and the token that must come with them. */
export type TemporaryKeys = {
  readonly accessKeyId: string
  readonly secret: string
  readonly sessionToken: string
  readonly expiresAtMs: number
}

export type AssumeRoleRequest = {
  readonly roleArn: string
  readonly sessionName: string
  readonly durationS: number
  /** A policy document and ARNs of policies that narrow the session. */
  readonly policy?: string | undefined
  readonly policyArns: readonly string[]
  readonly tags: readonly (readonly [key: string, value: string])[]
  readonly transitiveTagKeys: readonly string[]
  readonly sourceIdentity?: string | undefined
}

export type AssumedRole = {
  readonly keys: TemporaryKeys
  /** `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION` */
  readonly arn: string
  /** `AROA…:SESSION` */
  readonly id: string
  readonly sourceIdentity: string | undefined
  /** What policies and tags take of the room for them, in percent; undefined without any. */
  readonly packedPercent: number | undefined
}

/** Hands out temporary keys: what STS asks of whoever knows users and roles. */
export interface TemporaryCredentials {
  /** May the caller? The role's trust policy was asked before. @throws AwsError */
  assumeRole(caller: Caller, request: AssumeRoleRequest): AssumedRole
  /** Keys of the caller's own. @throws AwsError for a caller who has no others */
  sessionToken(caller: Caller, durationS: number): TemporaryKeys
  /** Who that is, as far as anybody knows. */
  identityOf(caller: Caller): { readonly arn: string; readonly id: string; readonly accountId: string }
  /** Whose account a key belongs to; undefined if it is nobody's. */
  accountOf(accessKeyId: string): string | undefined
  /** Who may assume a role, as a policy document, and its tags; undefined if there is no such role. */
  role(arn: string): { readonly trustPolicy: string; readonly tags: ReadonlyMap<string, string> } | undefined
}

/** Keys of roles, for what the server runs in their name. */
export interface RoleSessions {
  /**
   * Keys that last twelve hours.
   * @param service who asks for them, e.g. `lambda.amazonaws.com`: the role's trust policy must name it
   * @throws Error in one line, if there is no such role or it does not trust the service
   */
  begin(roleArn: string, sessionName: string, service: string): TemporaryKeys
}
