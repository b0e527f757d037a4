import type { TemporaryKeys } from '../../core/temporary-keys.ts'

/** Temporary keys as STS answers with them. */
export const keysView = ({ accessKeyId, secret, sessionToken, expiresAtMs }: TemporaryKeys) => ({
  AccessKeyId: accessKeyId,
  SecretAccessKey: secret,
  SessionToken: sessionToken,
  Expiration: new Date(expiresAtMs),
})
