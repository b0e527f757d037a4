/** Who calls. Until signatures are verified, whoever the credential scope names, in the server's own account. */
export type Caller = {
  readonly accountId: string
  /** The access key id of the request, unverified in the mode without an identity file. */
  readonly accessKeyId: string
}
