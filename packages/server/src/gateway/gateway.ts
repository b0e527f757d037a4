import { type Clock, type Logger, type Random, systemClock } from '@millrace/ports'
import type { Place } from '../core/arn.ts'
import type { AuditTrail } from '../core/audit.ts'
import { AwsError } from '../core/aws-error.ts'
import type { Caller } from '../core/caller.ts'
import { EventStream, HttpAnswer, type Service, type SleepingService } from '../core/operation.ts'
import { giveBackMemory, reusedFromBytes, takeMemory } from '../core/reused-memory.ts'
import { faultOf } from '../core/shapes.ts'
import type { Credentials } from '../identity/credentials.ts'
import { Admission, Busy, type Stay } from './admission.ts'
import { Answers } from './answers.ts'
import { type AuditedRequest, auditedRequest } from './audit.ts'
import { authenticate } from './authenticate.ts'
import { BodyIncomplete, BodyTooLarge, readBody } from './body.ts'
import { BodyRoom } from './body-room.ts'
import { Ambiguous, checkHead } from './check-head.ts'
import { ConnectionRoom } from './connection-room.ts'
import { type Door, openDoors, privateDoor } from './door.ts'
import type { Faults } from './faults.ts'
import { type GatewayLimits, standardGatewayLimits } from './gateway-limits.ts'
import { inflate, inflatedBytesMax } from './inflate.ts'
import type { HttpRequest, HttpResponse } from './listener.ts'
import { OpenCall } from './open-call.ts'
import { type Page, type PageAccess, sendPage } from './pages.ts'
import type { PrivateEndpoint } from './private-endpoints.ts'
import { eventStreamContentType, sendEvents } from './protocols/event-stream.ts'
import { type Route, Router } from './route.ts'
import type { Proof } from './signature/signature-verifier.ts'
import { Throttle } from './throttle.ts'
import type { TlsDoor } from './tls/tls-door.ts'
import { UntakenAnswers } from './untaken-answers.ts'

export type GatewayOptions = {
  readonly services: readonly (Service | SleepingService)[]
  readonly place: Place
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  /** TLS is then spoken on the same port. @default no TLS */
  readonly tls?: TlsDoor | undefined
  /** Refuse who comes without TLS. @default false */
  readonly tlsOnly?: boolean | undefined
  /** Further doors. @default none */
  readonly privateEndpoints?: readonly PrivateEndpoint[] | undefined
  /** Whose signatures are taken. @default anybody is believed who signs in the right form */
  readonly credentials?: Credentials | undefined
  readonly faults?: Faults | undefined
  /** Enforce the calls each second that operations declare. */
  readonly operationRates: boolean
  /** What GET answers, by path: /health, /metrics. */
  readonly pages?: ReadonlyMap<string, Page>
  /** Who may read those that tell of streams. @default 'anybody' */
  readonly pageAccess?: PageAccess
  /** Who keeps a record of calls. @default nobody */
  readonly trail?: AuditTrail | undefined
  /** Real time, for patience with clients. @default the machine's clock */
  readonly networkClock?: Clock
  /** How long clients may take, in milliseconds. @default 10 s for headers, 30 s for a body */
  readonly headersTimeoutMs?: number
  readonly bodyTimeoutMs?: number
  /** What is held at once. @default standardGatewayLimits, each that is not given */
  readonly limits?: Partial<GatewayLimits>
}

export type Gateway = {
  readonly url: string
  /** The same port by TLS; undefined without. */
  readonly tlsUrl: string | undefined
  readonly port: number
  /** Where each private endpoint listens, by its id: `http://HOST:PORT`, or the socket's path. */
  readonly endpoints: ReadonlyMap<string, string>
  /** Finishes what is in flight (8 s at most), ends event streams, closes everything. */
  close(): Promise<void>
}

/** A batch of 10 MiB is 14 MiB of base64, and there is JSON around it. */
export const bodyBytesMax = 16 * 1024 * 1024
const idleTimeoutMs = 75_000
const noQuery = new URLSearchParams()
const drainMs = 8_000

/** The door: HTTP in, operations called, answers out, in the order of checks that AWS's front end has. */
export async function openGateway(options: GatewayOptions): Promise<Gateway> {
  const { services, place, clock, random, logger, host, trail } = options
  const { faults, networkClock = systemClock, headersTimeoutMs = 10_000, bodyTimeoutMs = 30_000 } = options
  const { pages = new Map<string, Page>(), pageAccess = 'anybody' } = options
  const throttle = new Throttle(clock)
  const limits = { ...standardGatewayLimits, ...options.limits }
  const room = new BodyRoom(limits.bodyBytesMax, networkClock)
  const admission = new Admission(limits, options.credentials !== undefined)
  const router = new Router(services)
  const stopping = new AbortController()
  const ended = new WeakSet<object>()
  const untaken = new UntakenAnswers(limits.untakenAnswerBytesMax, networkClock)
  const answers = new Answers(random, logger, untaken, stopping.signal)
  const verifier = options.credentials && (await verifierOf(options, options.credentials))
  const authorizer = options.credentials && (await authorizerOf(options))

  let saidThatTlsIsMissing = false
  const onTlsMissing = () => {
    if (!saidThatTlsIsMissing) logger.log('warn', 'a client speaks TLS, which is off: start the server with --tls')
    saidThatTlsIsMissing = true
  }

  const own: Door = { at: { host, port: options.port }, dnsNames: [host], tls: options.tls, tlsOnly: options.tlsOnly }
  const doors = [own, ...(options.privateEndpoints ?? []).map((endpoint) => privateDoor(endpoint, own))]
  const connections = new ConnectionRoom(limits)
  const patience = { headersTimeoutMs, idleTimeoutMs, networkClock, connections, onTlsMissing }
  const listeners = await openDoors(doors, patience, (request, response, door) => {
    response.on('error', () => {}) // the client went away; 'close' tells the same
    void serve(request, response, door)
  })

  async function serve(request: HttpRequest, response: HttpResponse, door: Door): Promise<void> {
    const requestId = random.uuid()
    const startedMs = networkClock.monotonicMs()
    let found: Route | undefined
    let audited: AuditedRequest | undefined
    let stay: Stay | undefined
    let memory: Buffer | undefined
    const release = () => {
      stay?.releaseBody()
      if (memory) giveBackMemory(memory)
      memory = undefined
    }
    try {
      if (ended.has(request.socket)) return
      checkHead(request, door)
      if (request.method === 'GET' && (await sendPage(pages, pageAccess, request, response))) return
      stay = admission.enter(request, room)
      const declaredBytes = Number(request.headers['content-length']) || 0
      if (declaredBytes > bodyBytesMax) throw new BodyTooLarge()
      const isCompressed = request.headers['content-encoding'] === 'gzip' && router.takesGzip(request)
      const roomBytes = (declaredBytes || undeclaredBytes(request)) + (isCompressed ? inflatedBytesMax : 0)
      const waited = stay.enterBody(roomBytes)
      if (waited) await waited
      if (waited && response.destroyed) throw new BodyIncomplete()
      if (declaredBytes >= reusedFromBytes) memory = takeMemory(2 * declaredBytes)
      let body = await readBody(request, bodyBytesMax, bodyTimeoutMs, networkClock, memory, stay.coming)
      stay.hasCome()
      const proof = verifier?.prove(request, body)
      if (isCompressed) body = await inflate(body)
      const turn = room.turn(body.length)
      if (turn) await turn
      found = await router.route(request, body, requestId)
      audited = trail && auditedRequest(trail, place, found, request, door, requestId)
      const held = { body, spare: memory?.subarray(declaredBytes), release, stay, proof, audited, door }
      await answer(found, request, response, held, requestId)
    } catch (error) {
      audited?.failed(error)
      if (error instanceof BodyIncomplete || response.destroyed) return void request.socket?.destroy()
      if (error instanceof Ambiguous) endAfter(request, response)
      if (error instanceof Busy) found = await router.refusalOf(request)
      answers.error(response, error, found, requestId)
      if (!request.complete) await abandon(request)
    } finally {
      release()
      stay?.end()
      logger.log('debug', 'request', {
        requestId,
        target: request.headers['x-amz-target'] ?? found?.operation?.name,
        status: response.statusCode,
        ms: networkClock.monotonicMs() - startedMs,
      })
    }
  }

  async function answer(
    found: Route,
    request: HttpRequest,
    response: HttpResponse,
    { body, spare, release, stay, proof, audited, door }: Held,
    requestId: string,
  ): Promise<void> {
    const { service, operation, protocol } = found
    if (!operation && body.length === 0) throw new AwsError('UnknownOperationException', '')
    verifier?.refuseLarge(proof!, found, body.length)
    const decode = protocol.parse(body, operation?.input, spare)
    if (!service || !operation) throw new AwsError('UnknownOperationException', '')
    const admitted = verifier?.admit(proof!, found)
    const caller = admitted?.caller ?? believed(request)
    stay.recognized(request, caller)
    if (audited) audited.caller = caller
    const decoded = decode()
    if (audited) audited.input = decoded
    const invalid = faultOf(operation.input, decoded)
    if (admitted) authorizer!.authorize(found, decoded, admitted.principal, { request, door, invalid })
    if (invalid) throw invalid
    if (options.operationRates && operation.rate)
      throttle.admit(
        service,
        operation.name,
        operation.rate,
        place.accountId,
        operation.resource(decoded, service.context),
      )
    const fault = faults?.next(operation.name, service.name)
    if (fault) {
      await clock.sleep(fault.delayMs, stopping.signal)
      if (fault.drop) return void request.socket.destroy()
      if (fault.error) throw fault.error
    }
    const call = new OpenCall(requestId, caller, response, stopping.signal)
    const output = await operation.handle(service.context, decoded, call)
    audited?.answered(output)
    const turn = room.turn(body.length) // many that waited for one sync are answered one by one
    if (turn) await turn
    if (output instanceof EventStream) {
      release() // it may go on for minutes, and needs no input any more
      response.writeHead(200, { ...answers.identity(requestId), 'content-type': eventStreamContentType })
      const unexpected = await sendEvents(output, response, protocol, call.signal)
      if (unexpected) answers.logFailure(unexpected, requestId)
      return
    }
    if (output instanceof HttpAnswer) answers.http(response, output, found, requestId)
    else answers.output(response, output, found, request.headers['content-type'] as string, requestId)
  }

  function believed({ headers, url = '' }: HttpRequest): Caller {
    const query = url.includes('?') ? new URLSearchParams(url.slice(url.indexOf('?'))) : noQuery
    return authenticate({ headers, query }, place.accountId)
  }

  /** What comes behind an ambiguous request may be a part of it: it is not looked at, though Node has parsed it by now. */
  function endAfter(request: HttpRequest, response: HttpResponse): void {
    if (request.headers[':method'] !== undefined) return // of HTTP/2, where each request has a stream of its own
    ended.add(request.socket)
    response.setHeader('connection', 'close')
  }

  /** Takes what a refused client is still sending, for as long as a body may take: else it would not see the answer. */
  async function abandon(request: HttpRequest): Promise<void> {
    request.resume()
    const over = new AbortController()
    request.once('close', () => over.abort())
    request.once('end', () => over.abort())
    await networkClock.sleep(bodyTimeoutMs, over.signal)
    if (!over.signal.aborted) request.socket?.destroy()
  }

  const port = listeners[0]!.port!
  const authority = authorityOf(host, port)
  return {
    port,
    url: `http://${authority}`,
    tlsUrl: options.tls && `https://${authority}`,
    endpoints: new Map(
      doors.flatMap(({ vpcEndpointId, at }, index) =>
        vpcEndpointId === undefined
          ? []
          : [[vpcEndpointId, 'socket' in at ? at.socket : `http://${authorityOf(at.host, listeners[index]!.port!)}`]],
      ),
    ),
    close() {
      stopping.abort()
      const patience = networkClock.sleep(drainMs)
      return Promise.all(listeners.map((listener) => listener.close(patience))).then(() => {})
    },
  }
}

/** A body that was read, memory for what is decoded from it, how to give both back, and what its signature proves. */
type Held = {
  readonly body: Buffer
  readonly spare: Buffer | undefined
  readonly release: () => void
  /** By which it came. */
  readonly door: Door
  readonly stay: Stay
  /** Where signatures are verified. */
  readonly proof: Proof | undefined
  /** Where calls are recorded. */
  readonly audited: AuditedRequest | undefined
}

/** What verifies signatures is loaded only where somebody asked for it. */
async function verifierOf({ services, place, clock, random, logger }: GatewayOptions, credentials: Credentials) {
  const { SignatureVerifier } = await import('./signature/signature-verifier.ts')
  const names = new Set(services.map(({ name }) => name))
  const globalServices = new Set(services.flatMap(({ name, isGlobal }) => (isGlobal ? [name] : [])))
  const { region } = place
  return new SignatureVerifier({ credentials, region, services: names, globalServices, clock, random, logger })
}

/** What decides is loaded only where it is known who asks. */
async function authorizerOf({ place, clock }: GatewayOptions) {
  const { Authorizer } = await import('./authorize.ts')
  return new Authorizer({ place, clock })
}

const authorityOf = (host: string, port: number) => `${host.includes(':') ? `[${host}]` : host}:${port}`

/** What a body counts that does not say how long it is; no SDK sends a long one so. 0 if there is none. */
const undeclaredBytes = ({ httpVersionMajor, headers, method }: HttpRequest): number =>
  headers['transfer-encoding'] !== undefined || (httpVersionMajor === 2 && method === 'POST') ? 1024 * 1024 : 0
