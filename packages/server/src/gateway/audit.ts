import type { TLSSocket } from 'node:tls'
import type { Place } from '../core/arn.ts'
import type { AuditedCall, AuditTrail, TlsDetails } from '../core/audit.ts'
import { AwsError, internalFailure } from '../core/aws-error.ts'
import type { Caller } from '../core/caller.ts'
import { arnOfResource } from '../core/needs.ts'
import type { Door } from './door.ts'
import type { HttpRequest } from './listener.ts'
import type { Route } from './route.ts'

/**
 * A request that the trail may have to know of; undefined for all others. A request whose caller is never known is not
 * recorded, as AWS does not record those that fail authentication.
 */
export function auditedRequest(
  trail: AuditTrail,
  place: Place,
  { service, operation }: Route,
  request: HttpRequest,
  door: Door,
  requestId: string,
): AuditedRequest | undefined {
  if (!service || !operation || !trail.concerns(service, operation)) return undefined
  return new AuditedRequest(trail, place, { service, operation, context: service.context }, request, door, requestId)
}

type Asked = Pick<AuditedCall, 'service' | 'operation'> & { readonly context: unknown }

/** Gathers what becomes known of a request, and tells it to the trail once, by its outcome. */
export class AuditedRequest {
  /** Set when it is known who calls; until then nothing is recorded. */
  caller: Caller | undefined
  /** Set when it is decoded, valid or not. */
  input: unknown
  readonly #trail: AuditTrail
  readonly #place: Place
  readonly #asked: Asked
  readonly #request: HttpRequest
  readonly #door: Door
  readonly #requestId: string
  /** Asked for at once: a socket that was closed does not know it any more. */
  readonly #sourceIp: string | undefined
  #isTold = false

  constructor(trail: AuditTrail, place: Place, asked: Asked, request: HttpRequest, door: Door, requestId: string) {
    this.#trail = trail
    this.#place = place
    this.#asked = asked
    this.#request = request
    this.#door = door
    this.#requestId = requestId
    this.#sourceIp = request.socket.remoteAddress
  }

  answered(output: unknown): void {
    this.#tell({ output })
  }

  failed(error: unknown): void {
    this.#tell({ error: error instanceof AwsError ? error : internalFailure() })
  }

  #tell(outcome: AuditedCall['outcome']): void {
    if (!this.caller || this.#isTold) return
    this.#isTold = true
    const { service, operation } = this.#asked
    const { headers } = this.#request
    this.#trail.record({
      service,
      operation,
      caller: this.caller,
      requestId: this.#requestId,
      input: this.input,
      resourceArns: this.input === undefined ? [] : this.#resourceArns(),
      outcome,
      sourceIp: this.#sourceIp?.replace(/^::ffff:(?=\d+\.)/, '') ?? localAddress,
      userAgent: headers['user-agent'],
      tls: tlsOf(this.#request),
      vpcEndpointId: this.#door.vpcEndpointId,
    })
  }

  #resourceArns(): readonly string[] {
    const { service, operation, context } = this.#asked
    try {
      const needs = operation.needs?.(this.input, context)
      const resources = needs
        ? needs.filter(({ action }) => !action.startsWith('iam:')).map(({ resource }) => resource)
        : [arnOfResource(this.#place, service.name, operation.resource(this.input, context))]
      // An index is a table's: in the trail it is the table that was read.
      const arns = resources.map((resource) => resource.replace(/(:table\/[^/]+)\/index\/.*$/s, '$1'))
      return [...new Set(arns)].filter((each) => each.startsWith('arn:'))
    } catch {
      return [] // an input that names nothing
    }
  }
}

/** Who comes by a Unix socket has no address, and is on this machine. */
const localAddress = '127.0.0.1'

function tlsOf({ socket, headers }: HttpRequest): TlsDetails | undefined {
  const { encrypted } = socket as Partial<TLSSocket>
  if (!encrypted || socket.destroyed) return undefined
  const version = (socket as TLSSocket).getProtocol()
  if (version === null) return undefined
  const host = headers.host ?? (headers[':authority'] as string | undefined)
  return { version, cipherSuite: (socket as TLSSocket).getCipher().name, host }
}
