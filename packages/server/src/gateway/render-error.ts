import type { AwsError } from '../core/aws-error.ts'
import type { Protocol } from './protocols/protocol.ts'
import { Unroutable } from './route.ts'

export type Rendered = { readonly status: number; readonly contentType: string; readonly body: Buffer }

/** Errors of AWS's front end, which plain `application/json` clients get in a wrapping of its own. */
const frontEnd = new Set(['SerializationException', 'UnknownOperationException'])

/** How an error looks on the wire [AWS-observed]; the exceptions to every rule are all here. */
export function renderError(error: AwsError, protocol: Protocol | undefined, isPlainJson: boolean): Rendered {
  const { code, message, status, members } = error
  if (error instanceof Unroutable || !protocol) {
    const content = message ? `\n  <Message>${message}</Message>\n` : ''
    const text = content ? `<${code}>${content}</${code}>\n` : `<${code}/>\n`
    return { status, contentType: 'application/xml', body: Buffer.from(text) }
  }
  if (isPlainJson && frontEnd.has(code)) {
    const body = protocol.render({ Output: { __type: `com.amazon.coral.service#${code}` }, Version: '1.0' })
    return { status: code === 'UnknownOperationException' ? 404 : status, contentType: 'application/json', body }
  }
  // SerializationException alone has a capital M. Without anything to say there is no message at all.
  const member = code === 'SerializationException' ? 'Message' : 'message'
  const body = protocol.render({ __type: code, ...(message && { [member]: message }), ...members })
  return { status, contentType: isPlainJson ? 'application/json' : protocol.contentType, body }
}
