import { encode } from 'cborg'
import type { Answer } from './http-call.ts'

/* An operation's input as requests of each protocol that its service speaks, and an error as it comes back. */

export type Wire = 'json' | 'cbor' | 'rpc-cbor' | 'query' | 'rest'

type Input = Readonly<Record<string, unknown>>

/** Where a REST service has an operation. */
export type Binding = {
  readonly method: string
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly payload?: string
}

type WiredService = {
  /** As in signatures. */
  readonly name: string
  readonly targetPrefix: string
  readonly jsonVersion?: string
  /** `Version=` of the Query protocol. */
  readonly version?: string
  readonly wires: readonly Wire[]
}

/** By the service's folder. */
export const wiredServices: Readonly<Record<string, WiredService>> = {
  streams: { name: 'kinesis', targetPrefix: 'Kinesis_20131202', wires: ['json', 'cbor'] },
  firehose: { name: 'firehose', targetPrefix: 'Firehose_20150804', wires: ['json', 'cbor'] },
  dynamodb: { name: 'dynamodb', targetPrefix: 'DynamoDB_20120810', jsonVersion: '1.0', wires: ['json'] },
  glue: { name: 'glue', targetPrefix: 'AWSGlue', wires: ['json'] },
  lambda: { name: 'lambda', targetPrefix: 'AWSLambda', wires: ['rest'] },
  cloudwatch: {
    name: 'monitoring',
    targetPrefix: 'GraniteServiceVersion20100801',
    jsonVersion: '1.0',
    version: '2010-08-01',
    wires: ['json', 'rpc-cbor', 'query'],
  },
  sts: { name: 'sts', targetPrefix: 'AWSSecurityTokenServiceV20110615', version: '2011-06-15', wires: ['query'] },
}

export type WireRequest = {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

export function wireRequest(
  service: WiredService,
  operation: string,
  wire: Wire,
  input: Input,
  binding: Binding | undefined,
): WireRequest {
  const post = { method: 'POST', path: '/' }
  const target = { 'x-amz-target': `${service.targetPrefix}.${operation}` }
  switch (wire) {
    case 'json':
      return {
        ...post,
        headers: { ...target, 'content-type': `application/x-amz-json-${service.jsonVersion ?? '1.1'}` },
        body: Buffer.from(asJson(input)),
      }
    case 'cbor':
      return {
        ...post,
        headers: { ...target, 'content-type': 'application/x-amz-cbor-1.1' },
        body: Buffer.from(encode(input)),
      }
    case 'rpc-cbor':
      return {
        method: 'POST',
        path: `/service/${service.targetPrefix}/operation/${operation}`,
        headers: { 'content-type': 'application/cbor', 'smithy-protocol': 'rpc-v2-cbor' },
        body: Buffer.from(encode(input)),
      }
    case 'query': {
      const form = new URLSearchParams({ Action: operation, Version: service.version!, ...(input as object) })
      const headers = { 'content-type': 'application/x-www-form-urlencoded' }
      return { ...post, headers, body: Buffer.from(form.toString()) }
    }
    case 'rest':
      return restRequest(binding!, input)
  }
}

function restRequest({ method, path, query = {}, headers = {}, payload }: Binding, input: Input): WireRequest {
  const inBody: Record<string, unknown> = {}
  const inQuery = new URLSearchParams()
  const inHeaders: Record<string, string> = {}
  let place = path
  for (const [name, value] of Object.entries(input)) {
    if (place.includes(`{${name}}`)) place = place.replace(`{${name}}`, encodeURIComponent(String(value)))
    else if (query[name] !== undefined) inQuery.set(query[name], String(value))
    else if (headers[name] !== undefined) inHeaders[headers[name]] = String(value)
    else if (name !== payload) inBody[name] = value
  }
  const body = Object.keys(inBody).length > 0 || method !== 'GET' ? Buffer.from(asJson(inBody)) : Buffer.alloc(0)
  return { method, path: inQuery.size > 0 ? `${place}?${inQuery}` : place, headers: inHeaders, body }
}

const asJson = (input: Input) =>
  JSON.stringify(input, (_name, value) => (isBufferJson(value) ? Buffer.from(value.data).toString('base64') : value))

/** What JSON.stringify makes of bytes before anybody is asked. */
const isBufferJson = (value: unknown): value is { readonly data: number[] } =>
  typeof value === 'object' && value !== null && (value as { type?: unknown }).type === 'Buffer'

export type WireError = { readonly code: string | undefined; readonly message: string | undefined }

/** The error in an answer, by the names that AWS's exceptions have in JSON. */
export function wireError(wire: Wire, { body, headers, text }: Answer): WireError {
  if (wire === 'query') {
    const code = /<Code>([^<]*)<\/Code>/.exec(text)?.[1]
    const message = /<Message>([^<]*)<\/Message>/.exec(text)?.[1]
    return { code: code === undefined ? undefined : (namesInQuery.get(code) ?? code), message: fromXml(message) }
  }
  const code = wire === 'rest' ? (headers['x-amzn-errortype'] as string | undefined) : body?.__type
  const name = code?.replace(/^.*#/, '')
  return { code: name && (namesInQuery.get(name) ?? name), message: body?.message ?? body?.Message }
}

const fromXml = (text: string | undefined) =>
  text?.replaceAll('&#39;', "'").replaceAll('&apos;', "'").replaceAll('&quot;', '"').replaceAll('&amp;', '&')

const namesInQuery = new Map([
  ['MissingAuthenticationToken', 'MissingAuthenticationTokenException'],
  ['SignatureDoesNotMatch', 'InvalidSignatureException'],
  ['InvalidClientTokenId', 'UnrecognizedClientException'],
  ['AccessDenied', 'AccessDeniedException'],
])
