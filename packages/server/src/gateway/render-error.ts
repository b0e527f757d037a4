import type { AwsError } from '../core/aws-error.ts'
import type { Service } from '../core/operation.ts'
import { queryCode } from './protocols/query-codes.ts'
import { Refusal } from './refusal.ts'
import { type Route, Unroutable } from './route.ts'

export type Rendered = {
  readonly status: number
  readonly contentType: string
  readonly body: Buffer
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** Errors of AWS's front end, which plain `application/json` clients get in a wrapping of its own. */
const frontEnd = new Set(['SerializationException', 'UnknownOperationException'])

/** How an error looks on the wire [AWS-observed]; the exceptions to every rule are all here. */
export function renderError(error: AwsError, found: Route | undefined): Rendered {
  const { code, message, members } = error
  if (error instanceof Unroutable || !found) {
    const content = message ? `\n  <Message>${message}</Message>\n` : ''
    const text = content ? `<${code}>${content}</${code}>\n` : `<${code}/>\n`
    return { status: error.status, contentType: 'application/xml', body: Buffer.from(text) }
  }
  const { protocol, service, isPlainJson } = found
  const status = error instanceof Refusal ? refusalStatus(found) : error.status
  if (protocol.renderError) {
    const headers = { 'x-amzn-errortype': code }
    return { status, contentType: protocol.contentType, body: protocol.renderError(error), headers }
  }
  if (isPlainJson && frontEnd.has(code)) {
    const output = { Output: { __type: `com.amazon.coral.service#${code}` }, Version: '1.0' }
    const body = protocol.render(output)
    return { status: code === 'UnknownOperationException' ? 404 : status, contentType: 'application/json', body }
  }
  // SerializationException alone has a capital M. Without anything to say there is no message at all.
  const member = code === 'SerializationException' ? 'Message' : 'message'
  const output = { __type: typeOf(code, service), ...(message && { [member]: message }), ...members }
  return {
    status,
    contentType: isPlainJson ? 'application/json' : protocol.contentType,
    body: protocol.render(output),
    headers: service?.query && queryError(error, service),
  }
}

/** Where a service was once only in the Query protocol, refusals go on to have the status that they have there. */
const refusalStatus = ({ protocol, service }: Route): number => protocol.refusalStatus ?? (service?.query ? 403 : 400)

/** Services that say where an exception comes from say it of the front end's too. */
function typeOf(code: string, service: Service | undefined): string {
  if (!service?.errorPrefix) return code
  if (code === 'ValidationException') return `com.amazon.coral.validate#${code}`
  return (fromFrontEnd.has(code) ? 'com.amazon.coral.service#' : service.errorPrefix) + code
}

const fromFrontEnd = new Set([
  ...frontEnd,
  'MissingAuthenticationTokenException',
  'IncompleteSignatureException',
  'InvalidSignatureException',
  'UnrecognizedClientException',
  'ExpiredTokenException',
  'AccessDeniedException',
  'ThrottlingException',
  'InternalFailure',
])

/** Where a service was once only in the Query protocol, clients go on to know its errors by their names there. */
function queryError({ code, status }: AwsError, { query }: Service): Record<string, string> {
  return { 'x-amzn-query-error': `${queryCode(code, query!)};${status < 500 ? 'Sender' : 'Receiver'}` }
}
