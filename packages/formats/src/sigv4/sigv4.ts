/*
 * AWS's Signature Version 4, both ways: what a signer and a verifier have to compute, and nothing of HTTP's servers. No part
 * of the package's main entry: only whoever signs or verifies loads it.
 *
 *   https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */

export { amzDateText, httpDateMs, parseAmzDate } from './amz-date.ts'
export {
  type Authorization,
  algorithm,
  type CredentialScope,
  parseAuthorization,
  parseCredential,
  presignedNames,
  presignedQuery,
  terminator,
} from './authorization.ts'
export { type CanonicalParts, canonicalRequest, sha256Hex } from './canonical-request.ts'
export {
  canonicalPath,
  canonicalQuery,
  type QueryParameter,
  queryParameters,
  withoutDotSegments,
} from './canonical-uri.ts'
export { signatureOf, signingKey, stringToSign } from './signing-key.ts'
