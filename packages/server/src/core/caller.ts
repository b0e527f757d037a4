/** Who calls, as services see it. */
export type Caller = {
  /** Twelve digits: whose account the call is made for. */
  readonly accountId: string
  /** The access key id of the request. */
  readonly accessKeyId: string
  /** Whose key that is. Absent without an identity file, where anybody is believed. */
  readonly identity?: CallerIdentity
}

/** One that signatures have proved. */
export type CallerIdentity = {
  readonly type: 'IAMUser' | 'AssumedRole'
  /** `arn:aws:iam::ACCOUNT:user/NAME`, or `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`. */
  readonly arn: string
  /** `AIDA…`, or `AROA…:SESSION`. */
  readonly principalId: string
  /** The user's name, or the role's. */
  readonly name: string
  /** Of temporary credentials. */
  readonly session?: CallerSession
}

export type CallerSession = {
  readonly createdAtMs: number
  readonly expiresAtMs: number
  /** The role, or the user of GetSessionToken. */
  readonly issuer: { readonly arn: string; readonly principalId: string; readonly name: string }
  /** Who is behind it, as who began the first of a chain of sessions said: it cannot be changed. */
  readonly sourceIdentity?: string
  /** Tags that roles which the session assumes get too. */
  readonly transitiveTags?: ReadonlyMap<string, string>
}
