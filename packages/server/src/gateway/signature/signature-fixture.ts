import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import {
  amzDateText,
  canonicalPath,
  canonicalQuery,
  canonicalRequest,
  queryParameters,
  sha256Hex,
  signatureOf,
  signingKey,
  stringToSign,
} from '@millrace/formats/sigv4'
import { type Clock, systemRandom } from '@millrace/ports'
import { AwsError } from '../../core/aws-error.ts'
import type { Credential, Credentials } from '../../identity/credentials.ts'
import { compilePolicy } from '../../policies/compile-policy.ts'
import { json } from '../protocols/json.ts'
import type { Route } from '../route.ts'
import { SignatureVerifier } from './signature-verifier.ts'

const account = '000000000000'

const everything = compilePolicy(
  { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] },
  'identity-based policy',
)

/** A user's key, in memory; with a session token, of a session. */
export function credential(accessKeyId: string, secret: string, userName = 'alice'): Credential {
  const identity = {
    type: 'IAMUser',
    arn: `arn:aws:iam::${account}:user/${userName}`,
    principalId: 'AIDAEXAMPLEEXAMPLE123',
    name: userName,
  } as const
  return {
    accessKeyId,
    secret,
    principal: { accountId: account, identity, tags: new Map(), policies: { identity: [everything] }, keys: new Map() },
  }
}

export const alice = credential('AKIDALICEALICEALICE1', 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY')
/** Temporary: good only with its token. */
export const session = credential('ASIASESSIONSESSION12', 'sessionSecretEXAMPLEKEY+bPxRfiCYK7MDENG/')
export const sessionToken = 'FwoGZXIvYXdzEBYaD+token/of/a/session=='
/** Temporary, and over. */
export const over = credential('ASIAOVEROVEROVEROVER', 'overSecretEXAMPLEKEY+bPxRfiCYK7MDENG/abc')

/** Knows `alice`, `session` and `over`. */
export const fixedCredentials: Credentials = {
  find(accessKeyId, token) {
    if (accessKeyId === alice.accessKeyId) return token === undefined ? alice : undefined
    if (accessKeyId === session.accessKeyId) return token === sessionToken ? session : undefined
    if (accessKeyId === over.accessKeyId && token === sessionToken)
      throw new AwsError('ExpiredTokenException', 'The security token included in the request is expired')
    return undefined
  },
}

/** A request as it goes over the wire: `rawHeaders` as Node has them. */
export type WireRequest = { method: string; url: string; rawHeaders: string[]; body: Buffer }

export type SignOptions = {
  readonly key?: Credential
  readonly atMs: number
  readonly service?: string
  readonly region?: string
  readonly securityToken?: string
  /** What is signed in place of the body's hash. */
  readonly payloadHash?: string
  /** Headers that are sent but not signed. */
  readonly unsigned?: readonly string[]
  /** Of a presigned URL. */
  readonly expiresS?: number
}

/** Signs in the header. */
export function signed(request: WireRequest, options: SignOptions): WireRequest {
  const { key = alice, securityToken } = options
  const rawHeaders = [...request.rawHeaders, 'X-Amz-Date', amzDateText(options.atMs)]
  if (securityToken !== undefined) rawHeaders.push('X-Amz-Security-Token', securityToken)
  const { signedHeaders, scope, signature } = signatureFor({ ...request, rawHeaders }, '', options)
  const authorization =
    `AWS4-HMAC-SHA256 Credential=${key.accessKeyId}/${scope}, ` +
    `SignedHeaders=${signedHeaders}, Signature=${signature}`
  return { ...request, rawHeaders: [...rawHeaders, 'Authorization', authorization] }
}

/** Signs in the query. */
export function presigned(request: WireRequest, options: SignOptions): WireRequest {
  const { key = alice, securityToken, expiresS } = options
  const { signedHeaders, scope } = signatureFor(request, '', options)
  const query = new URLSearchParams({
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${key.accessKeyId}/${scope}`,
    'X-Amz-Date': amzDateText(options.atMs),
    'X-Amz-SignedHeaders': signedHeaders,
  })
  if (expiresS !== undefined) query.set('X-Amz-Expires', String(expiresS))
  if (securityToken !== undefined) query.set('X-Amz-Security-Token', securityToken)
  const url = `${request.url}${request.url.includes('?') ? '&' : '?'}${query}`
  const { signature } = signatureFor({ ...request, url }, 'X-Amz-Signature', options)
  return { ...request, url: `${url}&X-Amz-Signature=${signature}` }
}

function signatureFor({ method, url, rawHeaders, body }: WireRequest, without: string, options: SignOptions) {
  const { key = alice, atMs, service = 'fake', region = 'us-east-1', unsigned = [] } = options
  const [path = '', query = ''] = url.split('?', 2)
  const headers = rawHeaders
    .flatMap((name, i) => (i % 2 === 0 ? [[name.toLowerCase(), rawHeaders[i + 1]!] as const] : []))
    .filter(([name]) => !unsigned.includes(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  const amzDate = amzDateText(atMs)
  const scope = { date: amzDate.slice(0, 8), region, service, terminator: 'aws4_request' }
  const scopeText = Object.values(scope).join('/')
  const canonical = canonicalRequest({
    method,
    path: canonicalPath(path),
    query: canonicalQuery(queryParameters(query)!, without),
    headers,
    payloadHash: options.payloadHash ?? sha256Hex(body),
  })
  const signature = signatureOf(signingKey(key.secret, scope), stringToSign(amzDate, scopeText, canonical))
  return {
    signedHeaders: headers.map(([name]) => name).join(';'),
    scope: scopeText,
    signature: signature.toString('hex'),
  }
}

/** The request with another value of a header. */
export function edited(request: WireRequest, name: string, change: (value: string) => string): WireRequest {
  const rawHeaders = request.rawHeaders.map((text, i) =>
    i % 2 === 1 && request.rawHeaders[i - 1]!.toLowerCase() === name ? change(text) : text,
  )
  return { ...request, rawHeaders }
}

/** The request without a header. */
export function without(request: WireRequest, name: string): WireRequest {
  const at = request.rawHeaders.findIndex((text, i) => i % 2 === 0 && text.toLowerCase() === name)
  return { ...request, rawHeaders: request.rawHeaders.toSpliced(at, 2) }
}

/** What a router gives for an operation of a service `fake`. */
export const fakeRoute = {
  service: { name: 'fake' },
  operation: undefined,
  protocol: json,
  isPlainJson: false,
} as unknown as Route

/** A verifier of its own for a service `fake`, what it logs, and what it computes. */
export function verifierFixture({
  clock,
  credentials = fixedCredentials,
}: {
  clock: Clock
  credentials?: Credentials
}) {
  const logged: string[] = []
  const verifier = new SignatureVerifier({
    credentials,
    region: 'us-east-1',
    services: new Set(['fake', 'kinesis']),
    clock,
    random: systemRandom,
    logger: {
      log: (level, message, fields) => void logged.push(`${level} ${message} ${Object.values(fields ?? {}).join(' ')}`),
    },
  })
  return { verifier, logged, hmacs }
}

/** How many HMACs and hashes are computed meanwhile. */
function hmacs(act: () => unknown): { readonly hmacs: number; readonly hashes: number } {
  const { createHmac, hash } = crypto
  const counted = { hmacs: 0, hashes: 0 }
  Object.assign(crypto, {
    createHmac: (...given: Parameters<typeof createHmac>) => {
      counted.hmacs++
      return createHmac(...given)
    },
    hash: (...given: Parameters<typeof hash>) => {
      counted.hashes++
      return hash(...given)
    },
  })
  syncBuiltinESMExports()
  try {
    act()
  } finally {
    Object.assign(crypto, { createHmac, hash })
    syncBuiltinESMExports()
  }
  return counted
}
