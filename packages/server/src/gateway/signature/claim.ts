import {
  amzDateText,
  httpDateMs,
  parseAmzDate,
  parseAuthorization,
  presignedNames,
  presignedQuery,
  type QueryParameter,
} from '@millrace/formats/sigv4'
import type { AwsError } from '../../core/aws-error.ts'
import type { RequestHead } from './request-head.ts'
import {
  expiresOutOfRange,
  foundBoth,
  headerIncomplete,
  malformedPair,
  notBasicFormat,
  queryIncomplete,
  signatureMismatch,
} from './signature-faults.ts'

/** What a request says of its signature, whole but not yet verified. */
export type SignatureClaim = {
  readonly algorithm: string
  readonly credential: string
  readonly signedHeaders: string
  readonly signature: string
  /** `20150830T123600Z` */
  readonly amzDate: string
  readonly signedMs: number
  /** For how long a presigned URL is good; undefined for all else. */
  readonly expiresS: number | undefined
  readonly securityToken: string | undefined
  /** What it says of its body's hash. */
  readonly contentHash: string | undefined
}

/** A week. */
const expiresSMax = 604_800

/**
 * The claim in a request's head: in one place, header or query, and nothing of it in the other. `missing` where nobody
 * signed.
 */
export function claimIn(
  head: RequestHead,
  parameters: readonly QueryParameter[],
): SignatureClaim | AwsError | 'missing' {
  const authorization = head.get('authorization')
  if (authorization === undefined)
    return parameters.some(({ name }) => name === presignedNames.algorithm) ? claimInQuery(head, parameters) : 'missing'
  const stray = parameters.find(({ name }) => credentialNames.has(name))
  if (stray) return foundBoth(stray.name)
  return authorization.trimStart().startsWith('AWS4-') ? claimInHeader(head, authorization) : 'missing'
}

const { date: _date, expires: _expires, ...ofCredentials } = presignedNames
const credentialNames = new Set<string>(Object.values(ofCredentials))

function claimInHeader(head: RequestHead, authorization: string): SignatureClaim | AwsError {
  const parts = parseAuthorization(authorization)
  if ('malformed' in parts) return malformedPair(parts.malformed, authorization)
  const { algorithm, credential, signature, signedHeaders } = parts
  const dateText = head.get('x-amz-date') ?? head.get('date')
  if (!credential || !signature || !signedHeaders || !dateText) {
    const all = [
      ['Credential', credential],
      ['Signature', signature],
      ['SignedHeaders', signedHeaders],
      [undefined, dateText],
    ]
    return headerIncomplete(
      all.filter(([, value]) => !value).map(([name]) => name),
      authorization,
    )
  }
  const basicMs = parseAmzDate(dateText)
  const signedMs = basicMs ?? (head.get('x-amz-date') === undefined ? httpDateMs(dateText) : undefined)
  if (signedMs === undefined) return notBasicFormat(dateText)
  return {
    algorithm,
    credential,
    signedHeaders,
    signature,
    amzDate: basicMs === undefined ? amzDateText(signedMs) : dateText,
    signedMs,
    expiresS: undefined,
    securityToken: head.get('x-amz-security-token'),
    contentHash: head.get('x-amz-content-sha256'),
  }
}

function claimInQuery(head: RequestHead, parameters: readonly QueryParameter[]): SignatureClaim | AwsError {
  const { values, twice } = presignedQuery(parameters)
  if (twice.length > 0) return signatureMismatch()
  const missing = needed.filter((name) => !values.get(name))
  if (missing.length > 0) return queryIncomplete(missing)
  const amzDate = values.get(presignedNames.date)!
  const signedMs = parseAmzDate(amzDate)
  if (signedMs === undefined) return notBasicFormat(amzDate)
  const expires = values.get(presignedNames.expires)
  const expiresS = expires === undefined ? undefined : Number(expires)
  if (expires !== undefined && (!/^[1-9]\d{0,5}$/.test(expires) || expiresS! > expiresSMax))
    return expiresOutOfRange(expires)
  const tokens = [values.get(presignedNames.securityToken), head.get('x-amz-security-token')]
  const hashes = [values.get('X-Amz-Content-Sha256'), head.get('x-amz-content-sha256')]
  if (tokens.every((token) => token !== undefined) || hashes.every((hash) => hash !== undefined))
    return signatureMismatch()
  return {
    algorithm: values.get(presignedNames.algorithm)!,
    credential: values.get(presignedNames.credential)!,
    signedHeaders: values.get(presignedNames.signedHeaders)!,
    signature: values.get(presignedNames.signature)!,
    amzDate,
    signedMs,
    expiresS,
    securityToken: tokens[0] ?? tokens[1],
    contentHash: hashes[0] ?? hashes[1],
  }
}

const needed = [
  presignedNames.algorithm,
  presignedNames.credential,
  presignedNames.signature,
  presignedNames.signedHeaders,
  presignedNames.date,
]
