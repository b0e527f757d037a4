import { AwsError } from '../core/aws-error.ts'
import type { Caller } from '../core/caller.ts'

/** What authentication looks at: the head of a request. */
export type Signed = {
  /** Names in small letters. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly query: URLSearchParams
}

/**
 * Who calls? For now the signature's form is checked and whoever it names is believed; verifying it will happen behind
 * this same function. @throws MissingAuthenticationToken-, IncompleteSignature- or InvalidSignatureException
 */
export function authenticate({ headers, query }: Signed, accountId: string): Caller {
  const authorization = headers.authorization as string | undefined
  if (authorization !== undefined && query.has('X-Amz-Algorithm'))
    throw new AwsError(
      'InvalidSignatureException',
      "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
    )
  if (authorization?.trim().startsWith('AWS4-'))
    return { accountId, accessKeyId: keyFromHeader(authorization, Boolean(headers['x-amz-date'] ?? headers.date)) }
  if (authorization === undefined && query.has('X-Amz-Algorithm'))
    return { accountId, accessKeyId: keyFromQuery(query) }
  throw new AwsError('MissingAuthenticationTokenException', 'Missing Authentication Token')
}

/** `AWS4-HMAC-SHA256 Credential=AKID/date/region/service/aws4_request, SignedHeaders=a;b, Signature=hex` */
function keyFromHeader(authorization: string, hasDate: boolean): string {
  const credential = parameters.Credential.exec(authorization)?.[1]
  let missing = ''
  for (const name of parameterNames)
    if (!parameters[name].test(authorization)) missing += `Authorization header requires '${name}' parameter. `
  if (!hasDate) missing += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
  if (missing) throw new AwsError('IncompleteSignatureException', `${missing}Authorization=${authorization}`)
  return accessKeyOf(credential!)
}

/** In the order in which AWS misses them. */
const parameterNames = ['Credential', 'Signature', 'SignedHeaders'] as const

/** Behind the algorithm, each with a value. */
const parameters = {
  Credential: /[, ]Credential=([^,= ]+)/,
  Signature: /[, ]Signature=[^,= ]/,
  SignedHeaders: /[, ]SignedHeaders=[^,= ]/,
}

function keyFromQuery(query: URLSearchParams): string {
  const names = ['X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Signature', 'X-Amz-SignedHeaders', 'X-Amz-Date']
  const missing = names
    .filter((name) => !query.get(name))
    .map((name) => `AWS query-string parameters must include '${name}'. `)
    .join('')
  if (missing) throw new AwsError('IncompleteSignatureException', `${missing}Re-examine the query-string parameters.`)
  return accessKeyOf(query.get('X-Amz-Credential')!)
}

const accessKeyOf = (credential: string) => credential.split('/', 1)[0]!
