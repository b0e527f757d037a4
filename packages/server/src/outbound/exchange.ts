import http from 'node:http'
import https from 'node:https'
import type { Socket } from 'node:net'
import type { Clock } from '@millrace/ports'
import {
  OutboundFailed,
  type OutboundFailure,
  type OutboundRequest,
  type OutboundResponse,
} from '../core/ports/outbound.ts'

/** A name looked up, a connection made, TLS shaken hands on: an end that does not get there in this time is not there. */
export const connectMsMax = 30_000

/** A connection that was kept from an earlier request, and that the other side had closed. */
export class StaleConnection extends OutboundFailed {}

/** One request and its answer, on one connection. It never outlives its bounds: time, and bytes of the answer. */
export class Exchange {
  readonly #clock: Clock
  readonly #host: string
  readonly #given: OutboundRequest
  readonly #request: http.ClientRequest
  readonly #outcome = Promise.withResolvers<OutboundResponse>()
  #stopTimers: (() => void)[] = []
  /** By TCP; over it there may have to be TLS before it is connected. */
  #isReached = false
  #isConnected = false
  #isAnswered = false
  #isWhole = false

  constructor(clock: Clock, url: URL, given: OutboundRequest, agent: http.Agent) {
    this.#clock = clock
    this.#host = url.host
    this.#given = given
    const { body, headers, method } = given
    this.#request = (url.protocol === 'https:' ? https : http).request(url, {
      agent,
      method,
      headers: { ...headers, ...(body && { 'content-length': `${body.byteLength}` }) },
    })
  }

  /** @throws OutboundFailed; the signal's reason */
  async answer(signal: AbortSignal): Promise<OutboundResponse> {
    const request = this.#request
    const abort = () => this.#fail(signal.reason as Error)
    signal.addEventListener('abort', abort, { once: true })
    request.on('socket', (socket) => this.#begin(socket))
    request.on('response', (response) => this.#read(response))
    // Once there is an answer, it alone says how this ends: who refuses a body may close before it is sent.
    request.on('error', (error) => this.#isAnswered || this.#fail(this.#failureOf(error)))
    request.on('close', () => this.#isAnswered || this.#fail(this.#failureOf(new Error('the connection was closed'))))
    if (signal.aborted) abort()
    else request.end(this.#given.body)
    try {
      return await this.#outcome.promise
    } finally {
      signal.removeEventListener('abort', abort)
      for (const stop of this.#stopTimers) stop()
      if (!request.writableFinished) request.destroy()
    }
  }

  #fail(error: Error): void {
    this.#outcome.reject(error)
    this.#request.destroy()
  }

  #after(ms: number, failure: OutboundFailure, message: string): () => void {
    const stop = this.#clock.after(ms, () => this.#fail(new OutboundFailed(failure, message)))
    this.#stopTimers.push(stop)
    return stop
  }

  /** There is a connection, or it is being made: from now on time counts. */
  #begin(socket: Socket): void {
    const { timeoutMs } = this.#given
    this.#after(timeoutMs, 'timeout', `no answer from ${this.#host} within ${timeoutMs} ms`)
    this.#isConnected = this.#request.reusedSocket
    if (this.#isConnected) return
    this.#isReached = !socket.connecting
    socket.once('connect', () => {
      this.#isReached = true
    })
    const message = `no connection to ${this.#host} within ${connectMsMax} ms`
    const stopConnecting = this.#after(connectMsMax, 'connection failed', message)
    socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => {
      this.#isConnected = true
      stopConnecting()
    })
  }

  #read(response: http.IncomingMessage): void {
    this.#isAnswered = true
    const { responseBytesMax } = this.#given
    const chunks: Buffer[] = []
    let sizeBytes = 0
    response.on('data', (chunk: Buffer) => {
      sizeBytes += chunk.byteLength
      if (sizeBytes <= responseBytesMax) chunks.push(chunk)
      else this.#fail(tooLarge(this.#host, responseBytesMax))
    })
    response.on('error', (error) => this.#fail(this.#failureOf(error)))
    response.on('close', () => this.#isWhole || this.#fail(this.#failureOf(new Error('the answer was cut off'))))
    response.on('end', () => {
      this.#isWhole = true
      const body = Buffer.concat(chunks)
      this.#outcome.resolve({ status: response.statusCode!, headers: joined(response.headers), body })
    })
  }

  /** Node's codes → what went wrong. */
  #failureOf(error: Error & { readonly code?: string }): OutboundFailed {
    if (error instanceof OutboundFailed) return error
    const { code = '' } = error
    const told = `${this.#host}: ${error.message || code}`
    const options = { cause: error }
    if (code === 'HPE_HEADER_OVERFLOW') return new OutboundFailed('response too large', told, options)
    if (code.startsWith('HPE_')) return new OutboundFailed('invalid response', told, options)
    if (/^(ERR_TLS|ERR_SSL|EPROTO)/.test(code) || (this.#isReached && !this.#isConnected))
      return new OutboundFailed('handshake failed', told, options)
    if (this.#request.reusedSocket && !this.#isAnswered) return new StaleConnection('connection reset', told, options)
    if (this.#isConnected) return new OutboundFailed('connection reset', told, options)
    return new OutboundFailed('connection failed', told, options)
  }
}

const tooLarge = (host: string, bytesMax: number) =>
  new OutboundFailed('response too large', `${host} answers with more than ${bytesMax} bytes`)

const joined = (headers: http.IncomingHttpHeaders) =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]),
  )
