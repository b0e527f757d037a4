import { AwsError } from '../core/aws-error.ts'
import type { Operation, Service } from '../core/operation.ts'
import type { HttpRequest } from './listener.ts'
import { cbor } from './protocols/cbor.ts'
import { json } from './protocols/json.ts'
import type { Protocol } from './protocols/protocol.ts'

/** Where a request goes: `operation` is undefined when the service has none of that name. */
export type Route = {
  readonly service: Service
  // biome-ignore lint/suspicious/noExplicitAny: see Service
  readonly operation: Operation<any, any> | undefined
  readonly protocol: Protocol
  /** `application/json` is answered like AWS JSON, but for errors of the front end (see render-error.ts). */
  readonly isPlainJson: boolean
}

const protocols = new Map<string, Protocol>([
  [json.contentType, json],
  [cbor.contentType, cbor],
  ['application/json', json],
])

/** What AWS's front end says in XML when it cannot even tell the service. */
export class Unroutable extends AwsError {}

/**
 * `X-Amz-Target: Kinesis_20131202.PutRecord` and the content type say where a request goes.
 * @throws Unroutable (403 or 404) as AWS does: for other methods, no target, or a content type that nobody speaks
 */
export function route(request: HttpRequest, services: readonly Service[]): Route {
  const [prefix, name] = String(request.headers['x-amz-target'] ?? '').split('.', 2)
  const service = services.find(({ targetPrefix }) => targetPrefix === prefix)
  if (request.method !== 'POST' || !service || !name)
    throw new Unroutable('AccessDeniedException', 'Unable to determine service/operation name to be authorized', 403)
  const contentType = String(request.headers['content-type'] ?? '')
    .split(';', 1)[0]!
    .trim()
    .toLowerCase()
  const protocol = protocols.get(contentType)
  if (!protocol) throw new Unroutable('UnknownOperationException', '', 404)
  return { service, operation: service.operations.get(name), protocol, isPlainJson: contentType === 'application/json' }
}
