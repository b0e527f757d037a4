import { type KeyRefusal, KeyRefused } from '../core/ports/keys.ts'

/* What KMS answered, in the words of those who use its keys. */

const reasons: Readonly<Record<string, KeyRefusal>> = {
  AccessDeniedException: 'access denied',
  ExpiredTokenException: 'access denied',
  IncorrectKeyException: 'access denied',
  InvalidCiphertextException: 'access denied',
  InvalidGrantTokenException: 'access denied',
  InvalidSignatureException: 'access denied',
  MissingAuthenticationTokenException: 'access denied',
  UnrecognizedClientException: 'access denied',
  DisabledException: 'disabled',
  InvalidKeyUsageException: 'invalid state',
  KMSInvalidStateException: 'invalid state',
  KeyUnavailableException: 'invalid state',
  InvalidAliasNameException: 'not found',
  InvalidArnException: 'not found',
  NotFoundException: 'not found',
  ValidationException: 'not found',
  OptInRequired: 'opt-in required',
  SubscriptionRequiredException: 'opt-in required',
  LimitExceededException: 'throttled',
  Throttling: 'throttled',
  ThrottlingException: 'throttled',
}

/** What a failed call of the SDK means. What is no answer of KMS at all is `unreachable`. */
export function refusalOf(error: unknown): KeyRefused {
  if (error instanceof KeyRefused) return error
  const { name, message } = error as Error
  // KMS says "Token expired" by its own name; credentials that are not there are the SDK's complaint.
  const reason = Object.hasOwn(reasons, name)
    ? reasons[name]!
    : name === 'CredentialsProviderError'
      ? 'access denied'
      : 'unreachable'
  return new KeyRefused(reason, message || name, { cause: error })
}
