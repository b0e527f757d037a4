import { AwsError } from '../core/aws-error.ts'
import type { Operation, Service } from '../core/operation.ts'
import type { HttpRequest } from './listener.ts'
import { json } from './protocols/json.ts'
import type { Protocol } from './protocols/protocol.ts'

/** Where a request goes; without `service` and `operation`, nobody here knows what it asks for. */
export type Route = {
  readonly service: Service | undefined
  // biome-ignore lint/suspicious/noExplicitAny: see Service
  readonly operation: Operation<any, any> | undefined
  readonly protocol: Protocol
  /** `application/json`: AWS reads the body, and then knows no operation in it (see render-error.ts). */
  readonly isPlainJson: boolean
}

/** The first who speaks CBOR loads it: 3 MB of memory that the others do without. */
const loadCbor = async (): Promise<Protocol> => (await import('./protocols/cbor.ts')).cbor
const loadJson = async (): Promise<Protocol> => json

const protocols = new Map([
  [json.contentType, loadJson],
  ['application/x-amz-cbor-1.1', loadCbor],
  ['application/json', loadJson],
])

/** What AWS's front end says in XML when it cannot even tell the service. */
export class Unroutable extends AwsError {}

/**
 * `X-Amz-Target: Kinesis_20131202.PutRecord` and the content type say where a request goes.
 * @throws Unroutable (403 or 404) as AWS does: for other methods, and for a content type that nobody speaks
 */
export async function route(request: HttpRequest, services: readonly Service[], hasBody: boolean): Promise<Route> {
  const [prefix, name] = String(request.headers['x-amz-target'] ?? '').split('.', 2)
  const contentType = String(request.headers['content-type'] ?? '')
    .split(';', 1)[0]!
    .trim()
    .toLowerCase()
  // Without a body AWS answers in CBOR whatever was announced, but for its own JSON.
  const load = hasBody || contentType === json.contentType ? protocols.get(contentType) : loadCbor
  if (request.method !== 'POST' || (!load && !(prefix && name)))
    throw new Unroutable('AccessDeniedException', 'Unable to determine service/operation name to be authorized', 403)
  if (!load) throw new Unroutable('UnknownOperationException', '', 404)
  const protocol = await load()
  const isPlainJson = hasBody && contentType === 'application/json'
  const service = isPlainJson ? undefined : services.find(({ targetPrefix }) => targetPrefix === prefix)
  return { service, operation: name === undefined ? undefined : service?.operations.get(name), protocol, isPlainJson }
}
