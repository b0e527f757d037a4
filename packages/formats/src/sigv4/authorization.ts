import { percentDecoded, type QueryParameter } from './canonical-uri.ts'

/* Where a signature stands in a request: in the header `Authorization`, or in the query of a presigned URL. */

export const algorithm = 'AWS4-HMAC-SHA256'
export const terminator = 'aws4_request'

/** What a request says of its signature, as it was sent: each part may be missing or wrong. */
export type Authorization = {
  readonly algorithm: string
  /** `AKID/20150830/us-east-1/service/aws4_request` */
  readonly credential?: string | undefined
  /** `host;x-amz-date` */
  readonly signedHeaders?: string | undefined
  /** 64 hexadecimal digits. */
  readonly signature?: string | undefined
}

/** A pair without its equal-sign, or one that occurs twice: the text of it. */
export type MalformedPair = { readonly malformed: string }

const names: Readonly<Record<string, 'credential' | 'signedHeaders' | 'signature'>> = Object.assign(
  Object.create(null),
  { Credential: 'credential', SignedHeaders: 'signedHeaders', Signature: 'signature' },
)

/**
 * Reads `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`, with commas, spaces or both between the pairs. Names
 * that signatures do not have are passed over, as AWS does.
 */
export function parseAuthorization(header: string): Authorization | MalformedPair {
  const [first = '', ...pairs] = header.trim().split(/[, \t]+/)
  const parts: { algorithm: string; credential?: string; signedHeaders?: string; signature?: string } = {
    algorithm: first,
  }
  for (const pair of pairs) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    if (equals < 0) return { malformed: pair }
    const name = names[pair.slice(0, equals)]
    if (name === undefined) continue
    if (parts[name] !== undefined) return { malformed: pair }
    parts[name] = pair.slice(equals + 1)
  }
  return parts
}

/** The names by which a presigned URL says it; `X-Amz-Expires` and `X-Amz-Security-Token` may come too. */
export const presignedNames = {
  algorithm: 'X-Amz-Algorithm',
  credential: 'X-Amz-Credential',
  signature: 'X-Amz-Signature',
  signedHeaders: 'X-Amz-SignedHeaders',
  date: 'X-Amz-Date',
  expires: 'X-Amz-Expires',
  securityToken: 'X-Amz-Security-Token',
} as const

/** The values of a presigned URL by their names, decoded. A name that occurs twice is in `twice`, and has no value. */
export function presignedQuery(parameters: readonly QueryParameter[]): {
  readonly values: ReadonlyMap<string, string>
  readonly twice: readonly string[]
} {
  const values = new Map<string, string>()
  const twice: string[] = []
  for (const { name, value } of parameters) {
    if (!name.startsWith('X-Amz-')) continue
    if (values.has(name)) twice.push(name)
    values.set(name, percentDecoded(value))
  }
  for (const name of twice) values.delete(name)
  return { values, twice }
}

/** Whose key, and for what it was made: a key signs for one day, one region and one service. */
export type CredentialScope = {
  readonly accessKeyId: string
  /** `20150830` */
  readonly date: string
  readonly region: string
  readonly service: string
  readonly terminator: string
  /** All but the key: `20150830/us-east-1/service/aws4_request` */
  readonly text: string
}

/** Undefined unless there are exactly five parts between slashes. */
export function parseCredential(credential: string): CredentialScope | undefined {
  const parts = credential.split('/', 6)
  if (parts.length !== 5) return undefined
  const [accessKeyId, date, region, service, end] = parts as [string, string, string, string, string]
  return { accessKeyId, date, region, service, terminator: end, text: credential.slice(accessKeyId.length + 1) }
}
