/*
 * What an identity file holds, as people write it: docs/identity.md. Policies are IAM's own documents (2012-10-17).
 */

export type IdentityDocument = {
  readonly users?: readonly UserDocument[]
  readonly groups?: readonly GroupDocument[]
  readonly roles?: readonly RoleDocument[]
  /** Policies with a name, for whoever names them instead of saying them again. */
  readonly policies?: readonly NamedPolicy[]
}

export type UserDocument = {
  readonly name: string
  /** Between `user` and the name in the ARN: begins and ends with a slash. @default '/' */
  readonly path?: string
  /** Twelve digits. @default the server's account; another is a caller from another account */
  readonly accountId?: string
  readonly accessKeys?: readonly AccessKeyDocument[]
  readonly policies?: readonly PolicyEntry[]
  /** Names of groups. */
  readonly groups?: readonly string[]
  readonly permissionsBoundary?: PolicyEntry
  readonly tags?: Readonly<Record<string, string>>
}

export type AccessKeyDocument = {
  readonly id: string
  /** SigV4 needs it as it is: there is no hash of it that could check a signature. */
  readonly secret: string
  /** One that is inactive is nobody's. @default 'Active' */
  readonly status?: 'Active' | 'Inactive'
}

export type GroupDocument = {
  readonly name: string
  readonly policies?: readonly PolicyEntry[]
}

export type RoleDocument = {
  readonly name: string
  readonly path?: string
  readonly accountId?: string
  /** Who may assume it, and when: a policy with `Principal` and without `Resource`. */
  readonly trustPolicy: PolicyDocument
  readonly policies?: readonly PolicyEntry[]
  readonly permissionsBoundary?: PolicyEntry
  /** How long sessions of it may last at most, in seconds: 3600 to 43200. @default 3600 */
  readonly maxSessionDuration?: number
  readonly tags?: Readonly<Record<string, string>>
}

/** A policy of one's own, the same with a name, or the name of one under `policies` of the file. */
export type PolicyEntry = PolicyDocument | NamedPolicy | string

export type NamedPolicy = { readonly name: string; readonly document: PolicyDocument }

/** As IAM takes it. */
export type PolicyDocument = {
  readonly Version?: string
  readonly Id?: string
  readonly Statement: unknown
}
