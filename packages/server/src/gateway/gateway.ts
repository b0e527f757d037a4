import { type Clock, type Logger, type Random, systemClock } from '@millrace/ports'
import type { Place } from '../core/arn.ts'
import { AwsError, internalFailure } from '../core/aws-error.ts'
import type { Caller } from '../core/caller.ts'
import { type Call, EventStream, type Service } from '../core/operation.ts'
import { checked } from '../core/shapes.ts'
import { authenticate } from './authenticate.ts'
import { BodyIncomplete, BodyTooLarge, readBody } from './body.ts'
import { giveBackMemory, reusedFromBytes, takeMemory } from './body-memory.ts'
import { BodyRoom } from './body-room.ts'
import type { Faults } from './faults.ts'
import { isOwnHost } from './host-check.ts'
import { type HttpRequest, type HttpResponse, listen } from './listener.ts'
import { giveBack, isLent } from './protocols/byte-sink.ts'
import { eventStreamContentType, sendEvents } from './protocols/event-stream.ts'
import { renderError } from './render-error.ts'
import { type Route, route, Unroutable } from './route.ts'
import { Throttle } from './throttle.ts'

export type Page = () => Promise<{ readonly contentType: string; readonly body: string }>

export type GatewayOptions = {
  readonly services: readonly Service[]
  readonly place: Place
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  readonly faults?: Faults | undefined
  /** Enforce the calls each second that operations declare. */
  readonly operationRates: boolean
  /** What GET answers, by path: /health, /metrics. */
  readonly pages?: ReadonlyMap<string, Page>
  /** Real time, for patience with clients. @default the machine's clock */
  readonly networkClock?: Clock
  /** How long clients may take, in milliseconds. @default 10 s for headers, 30 s for a body */
  readonly headersTimeoutMs?: number
  readonly bodyTimeoutMs?: number
  /** Bytes of bodies that are held at once; see BodyRoom. */
  readonly bodyRoomBytesMax?: number
}

export type Gateway = {
  readonly url: string
  readonly port: number
  /** Finishes what is in flight (8 s at most), ends event streams, closes everything. */
  close(): Promise<void>
}

/** A batch of 10 MiB is 14 MiB of base64, and there is JSON around it. */
export const bodyBytesMax = 16 * 1024 * 1024
const connectionsMax = 20_000
const idleTimeoutMs = 75_000
const noQuery = new URLSearchParams()
const drainMs = 8_000

/** The door: HTTP in, operations called, answers out, in the order of checks that AWS's front end has. */
export async function openGateway(options: GatewayOptions): Promise<Gateway> {
  const { services, place, clock, random, logger, host } = options
  const { faults, networkClock = systemClock, headersTimeoutMs = 10_000, bodyTimeoutMs = 30_000 } = options
  const throttle = new Throttle(clock)
  const room = new BodyRoom(options.bodyRoomBytesMax)
  const stopping = new AbortController()

  const listener = await listen(
    { host, port: options.port, headersTimeoutMs, idleTimeoutMs, connectionsMax },
    (request, response) => {
      response.on('error', () => {}) // the client went away; 'close' tells the same
      void serve(request, response)
    },
  )

  async function serve(request: HttpRequest, response: HttpResponse): Promise<void> {
    const requestId = random.uuid()
    const startedMs = networkClock.monotonicMs()
    let found: Route | undefined
    let heldBytes = 0
    let memory: Buffer | undefined
    const release = () => {
      room.leave(heldBytes)
      if (memory) giveBackMemory(memory)
      heldBytes = 0
      memory = undefined
    }
    try {
      checkHead(request, host)
      if (options.pages && request.method === 'GET' && (await sendPage(options.pages, request, response))) return
      const declaredBytes = Number(request.headers['content-length']) || 0
      if (declaredBytes > bodyBytesMax) throw new BodyTooLarge()
      const roomBytes = declaredBytes || undeclaredBytes(request)
      const waited = room.enter(roomBytes)
      if (waited) await waited
      heldBytes = roomBytes
      if (waited && response.destroyed) throw new BodyIncomplete()
      if (declaredBytes >= reusedFromBytes) memory = takeMemory(2 * declaredBytes)
      const body = await readBody(request, bodyBytesMax, bodyTimeoutMs, networkClock, memory)
      const turn = room.turn(body.length)
      if (turn) await turn
      found = await route(request, services, body.length > 0)
      await answer(found, request, response, { body, spare: memory?.subarray(declaredBytes), release }, requestId)
    } catch (error) {
      if (error instanceof BodyIncomplete || response.destroyed) return void request.socket?.destroy()
      sendError(response, error, found, requestId)
      if (!request.complete) await abandon(request)
    } finally {
      release()
      logger.log('debug', 'request', {
        requestId,
        target: request.headers['x-amz-target'],
        status: response.statusCode,
        ms: networkClock.monotonicMs() - startedMs,
      })
    }
  }

  async function answer(
    { service, operation, protocol }: Route,
    request: HttpRequest,
    response: HttpResponse,
    { body, spare, release }: Held,
    requestId: string,
  ): Promise<void> {
    if (!operation && body.length === 0) throw new AwsError('UnknownOperationException', '')
    const decode = protocol.parse(body, operation?.input, spare)
    if (!service || !operation) throw new AwsError('UnknownOperationException', '')
    const { headers, url = '' } = request
    const query = url.includes('?') ? new URLSearchParams(url.slice(url.indexOf('?'))) : noQuery
    const caller: Caller = authenticate({ headers, query }, place.accountId)
    const input = checked(operation.input, decode())
    if (options.operationRates && operation.rate)
      throttle.admit(operation.name, operation.rate, place.accountId, operation.resource(input, service.context))
    const fault = faults?.next(operation.name)
    if (fault) {
      await clock.sleep(fault.delayMs, stopping.signal)
      if (fault.drop) return void request.socket.destroy()
      if (fault.error) throw fault.error
    }
    const call = new OpenCall(requestId, caller, response, stopping.signal)
    const output = await operation.handle(service.context, input, call)
    const turn = room.turn(body.length) // many that waited for one sync are answered one by one
    if (turn) await turn
    if (output instanceof EventStream) {
      release() // it may go on for minutes, and needs no input any more
      response.writeHead(200, { ...identity(requestId), 'content-type': eventStreamContentType })
      const unexpected = await sendEvents(output, response, protocol, call.signal)
      if (unexpected) logFailure(unexpected, requestId)
      return
    }
    const contentType = request.headers['content-type'] as string
    send(response, 200, contentType, output === undefined ? Buffer.alloc(0) : protocol.render(output), requestId)
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

  function sendError(response: HttpResponse, error: unknown, found: Route | undefined, requestId: string): void {
    if (response.headersSent) {
      response.end()
      return
    }
    if (error instanceof BodyTooLarge) {
      const tooLarge = Buffer.from('<RequestEntityTooLargeException/>\n')
      send(response, 413, 'application/xml', tooLarge, requestId)
      return
    }
    if (!(error instanceof AwsError)) logFailure(error, requestId)
    const told = error instanceof AwsError ? error : internalFailure()
    const { status, contentType, body } = renderError(told, found?.protocol, found?.isPlainJson ?? false)
    send(response, status, contentType, body, requestId)
  }

  function send(response: HttpResponse, status: number, contentType: string, body: Buffer, requestId: string): void {
    if (stopping.signal.aborted && response.req.httpVersionMajor === 1) response.setHeader('connection', 'close')
    response.writeHead(status, { ...identity(requestId), 'content-type': contentType, 'content-length': body.length })
    // HTTP/2's compatibility layer says that it has finished also when a client went away in the middle.
    if (isLent(body) && response.req.httpVersionMajor === 1) response.end(body, () => giveBack(body))
    else response.end(body)
  }

  /** The two ids of every answer; the second is 72 random-looking bytes on AWS. */
  const identity = (requestId: string) => ({
    'x-amzn-RequestId': requestId,
    'x-amz-id-2': Buffer.from(random.bytes(72)).toString('base64'),
  })

  const logFailure = (error: unknown, requestId: string) =>
    logger.log('error', 'a request failed inside the server', { requestId, error })

  const { port } = listener
  return {
    port,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    close() {
      stopping.abort()
      return listener.close(networkClock.sleep(drainMs))
    },
  }
}

/** A body that was read, memory for what is decoded from it, and how to give both back. */
type Held = { readonly body: Buffer; readonly spare: Buffer | undefined; readonly release: () => void }

/** What a body counts that does not say how long it is; no SDK sends a long one so. 0 if there is none. */
const undeclaredBytes = ({ httpVersionMajor, headers, method }: HttpRequest): number =>
  headers['transfer-encoding'] !== undefined || (httpVersionMajor === 2 && method === 'POST') ? 1024 * 1024 : 0

/**
 * What a browser's page or a confused proxy would send is refused before anything looks at the request's meaning.
 *
 * For the same reason no answer has `Access-Control-Allow-Origin`, where AWS says `*`: AWS can afford it, for a page
 * cannot sign. Here signatures are not verified, and any page that the user visits could read and write streams.
 */
function checkHead(request: HttpRequest, host: string): void {
  const authority = String(request.headers[':authority'] ?? request.headers.host ?? '')
  if (!isOwnHost(authority, host))
    throw new Unroutable(
      'AccessDeniedException',
      'Millrace does not answer under this host name: use localhost, an address, or the name given to --host',
      403,
    )
  const seen = new Set<string>()
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    const name = request.rawHeaders[i]!.toLowerCase()
    if (seen.has(name) && (once.has(name) || name.startsWith('x-amz-')))
      throw new Unroutable('AccessDeniedException', `The header ${name} was sent more than once`, 403)
    seen.add(name)
  }
}

/** Of a header sent twice, Node keeps the first and others may keep the last: what is signed must be unambiguous. */
const once = new Set(['host', ':authority', 'authorization', 'content-type', 'content-length', 'date'])

/** True if there is a page at this path. */
async function sendPage(
  pages: ReadonlyMap<string, Page>,
  request: HttpRequest,
  response: HttpResponse,
): Promise<boolean> {
  const page = pages.get(request.url ?? '')
  if (!page) return false
  const { contentType, body } = await page()
  response.writeHead(200, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) })
  response.end(body)
  return true
}

/** A call that is being answered. Its signal is made when someone asks: few operations do, and it costs some 10 µs. */
class OpenCall implements Call {
  readonly requestId: string
  readonly caller: Caller
  readonly #response: HttpResponse
  readonly #stopping: AbortSignal
  #signal: AbortSignal | undefined

  constructor(requestId: string, caller: Caller, response: HttpResponse, stopping: AbortSignal) {
    this.requestId = requestId
    this.caller = caller
    this.#response = response
    this.#stopping = stopping
  }

  get signal(): AbortSignal {
    if (!this.#signal) {
      const gone = new AbortController()
      if (this.#response.destroyed) gone.abort()
      else this.#response.once('close', () => gone.abort())
      this.#signal = AbortSignal.any([gone.signal, this.#stopping])
    }
    return this.#signal
  }
}
