import { AwsError } from '../../core/aws-error.ts'
import { Refusal } from '../refusal.ts'

/*
 * What AWS says of signatures [AWS-observed, where nothing else is said]: the same sentences in every service, and in the
 * Query protocol with the same facts under older names (protocols/query.ts).
 */

const invalid = (message: string) => new Refusal('InvalidSignatureException', message)

/** Every protocol has 400 for it [docs]. */
const incomplete = (message: string) => new AwsError('IncompleteSignatureException', message)

/** Kinesis, Firehose and Lambda say it without "Request is". */
export const missingToken = (isShort: boolean) =>
  new Refusal(
    'MissingAuthenticationTokenException',
    isShort ? 'Missing Authentication Token' : 'Request is missing Authentication Token',
  )

export const foundBoth = (name: string) =>
  invalid(`Found both '${name}' as a query-string param and 'Authorization' as HTTP header.`)

export const malformedPair = (pair: string, header: string) =>
  incomplete(`'${pair}' not a valid key=value pair (missing equal-sign) in Authorization header: '${header}'.`)

/** @param missing parameters, and `undefined` for a date in any header */
export const headerIncomplete = (missing: readonly (string | undefined)[], header: string) =>
  incomplete(
    `${missing
      .map((name) =>
        name === undefined
          ? "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
          : `Authorization header requires '${name}' parameter. `,
      )
      .join('')}Authorization=${header}`,
  )

export const queryIncomplete = (missing: readonly string[]) =>
  incomplete(
    `${missing.map((name) => `AWS query-string parameters must include '${name}'. `).join('')}Re-examine the query-string parameters.`,
  )

export const notBasicFormat = (text: string) =>
  incomplete(`Date must be in ISO-8601 'basic format'. Got '${text}'. See http://en.wikipedia.org/wiki/ISO_8601`)

/** S3's words, for no other service is known to have its own. */
export const expiresOutOfRange = (text: string) =>
  incomplete(
    !/^-?\d+$/.test(text)
      ? 'X-Amz-Expires should be a number'
      : text.startsWith('-')
        ? 'X-Amz-Expires must be non-negative'
        : 'X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds',
  )

/** All three times as signatures write them; `patience` is `5 min.` */
export const expired = (signedAt: string, limit: string, now: string, patience: string) =>
  invalid(`Signature expired: ${signedAt} is now earlier than ${limit} (${now} - ${patience})`)

export const notYetCurrent = (signedAt: string, limit: string, now: string, patience: string) =>
  invalid(`Signature not yet current: ${signedAt} is still later than ${limit} (${now} + ${patience})`)

export const hostNotSigned = () => invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")

export const headerNotSigned = (name: string) => invalid(`'${name}' must be a 'SignedHeader' in the AWS Authorization.`)

export const unsupportedAlgorithm = (algorithm: string) =>
  incomplete(`Unsupported AWS 'algorithm': '${algorithm}' (only AWS4-HMAC-SHA256 for now). `)

export const malformedCredential = (credential: string) =>
  incomplete(
    `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${credential}'`,
  )

export type ScopeFaults = {
  /** The wrong one. */
  readonly region?: string | undefined
  /** The right one. */
  readonly service?: string | undefined
  /** The wrong one. */
  readonly terminator?: string | undefined
  readonly date?: { readonly inScope: string; readonly signedAt: string } | undefined
}

/** All of them at once; undefined if there are none. */
export function wrongScope({ region, service, terminator, date }: ScopeFaults): AwsError | undefined {
  let message = ''
  if (region !== undefined) message += `Credential should be scoped to a valid region, not '${region}'. `
  if (service !== undefined) message += `Credential should be scoped to correct service: '${service}'. `
  if (terminator !== undefined)
    message += `Credential should be scoped with a valid terminator: 'aws4_request', not '${terminator}'. `
  if (date !== undefined)
    message +=
      'Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: ' +
      `'${date.inScope}' != '${date.signedAt.slice(0, 8)}', from '${date.signedAt}'.`
  return message === '' ? undefined : invalid(message)
}

/**
 * Why a signature is not taken: nobody has the key, or it signed otherwise. Both are made in the same way, for it must not show
 * in the time which of them it is. AWS adds to the latter what it would have signed, which is of use to whoever tries
 * signatures: ours stands in the log, with `debug`.
 */
export const notTaken = (isKnown: boolean) => {
  const { code, message } = isKnown ? mismatch : unknownKey
  return new Refusal(code, message)
}

export const signatureMismatch = () => notTaken(true)

const unknownKey = {
  code: 'UnrecognizedClientException',
  message: 'The security token included in the request is invalid.',
}

const mismatch = {
  code: 'InvalidSignatureException',
  message:
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and ' +
    'signing method. Consult the service documentation for details.',
}
