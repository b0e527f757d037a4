import type { OutboundResponse } from '../../../../core/ports/outbound.ts'

/*
 * What AWS demands of an endpoint's answer: the developer guide, "HTTP endpoint delivery request and response
 * specifications", and its page of troubleshooting, which says what is wrong in these words.
 *
 *   200, Content-Type: application/json, Content-Length, no Content-Encoding, at most 1 MiB:
 *   {"requestId": "as in the request", "timestamp": 1578090903599, "errorMessage": "at most 8192 characters"}
 */

/** Larger answers are not read. */
export const responseBytesMax = 1024 * 1024
const errorMessageLengthMax = 8192
const members = ['requestId', 'timestamp', 'errorMessage']

/** Why an answer of status 200 does not count; undefined if it does. */
export function faultOf({ headers, body }: OutboundResponse, requestId: string): string | undefined {
  const contentType = headers['content-type'] ?? ''
  if (!/^application\/json\s*(;|$)/i.test(contentType.trim()))
    return `has the content type "${contentType}" instead of application/json`
  if (headers['content-encoding'] !== undefined) return 'has a Content-Encoding, which must not be used'
  if (headers['content-length'] === undefined) return 'has no Content-Length'
  const value = parsed(body)
  if (!isObject(value) || Object.keys(value).some((name) => !members.includes(name)))
    return 'is not recognized as valid JSON or has unexpected fields'
  const { requestId: answered, timestamp, errorMessage } = value
  if (answered === undefined || answered === null) return 'does not contain a requestId'
  if (answered !== requestId) return 'has a requestId that does not match'
  if (!Number.isInteger(timestamp)) return 'does not contain a timestamp, which must be a number of milliseconds'
  if (errorMessage === undefined || errorMessage === null) return undefined
  if (typeof errorMessage !== 'string' || errorMessage.length > errorMessageLengthMax)
    return `has an errorMessage that is not a text of at most ${errorMessageLengthMax} characters`
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    return undefined
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
