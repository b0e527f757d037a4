import { lookup as systemLookup } from 'node:dns/promises'
import http from 'node:http'
import https from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import type { Clock } from '@millrace/ports'
import { type Outbound, OutboundFailed, type OutboundRequest, type OutboundResponse } from '../core/ports.ts'
import type { AddressRules } from './address-rules.ts'

export type OutboundParts = {
  readonly clock: Clock
  readonly rules: AddressRules
  /** A name's addresses. @default the system's resolver */
  readonly lookup?: (host: string) => Promise<readonly string[]>
  /** Authorities to trust beside the machine's, as PEM. */
  readonly authorities?: string | undefined
}

const socketsMax = 64

/** HTTP to wherever a client said, by Node's own client, behind address rules. */
export class OutboundHttp implements Outbound {
  readonly #parts: OutboundParts
  readonly #agents: { readonly 'http:': http.Agent; readonly 'https:': https.Agent }

  constructor(parts: OutboundParts) {
    this.#parts = parts
    // Each connection asks here, so that the address that was checked is the one that is reached.
    const lookup: LookupFunction = (host, options, callback) => {
      this.resolve(host).then(
        (address) => {
          const family = isIP(address)
          if (options.all) callback(null, [{ address, family }])
          else callback(null, address, family)
        },
        (error: Error) => callback(error, '', 4),
      )
    }
    const options = { keepAlive: true, maxSockets: socketsMax, lookup }
    const { authorities: ca } = parts
    this.#agents = {
      'http:': new http.Agent(options),
      'https:': new https.Agent({ ...options, ...(ca !== undefined && { ca }) }),
    }
  }

  async resolve(host: string): Promise<string> {
    const name = host.replace(/^\[|\]$/g, '')
    const addresses = isIP(name) ? [name] : await this.#addressesOf(name)
    const allowed = addresses.find((address) => this.#parts.rules.allows(address))
    if (allowed === undefined)
      throw new OutboundFailed(
        'forbidden address',
        `${host} is at ${addresses.join(', ')}, which the server may not reach; --private-addresses would allow it`,
      )
    return allowed
  }

  async #addressesOf(name: string): Promise<readonly string[]> {
    const { lookup = lookUp } = this.#parts
    const addresses = await lookup(name).catch((error: Error) => {
      throw new OutboundFailed('unknown host', `${name} cannot be resolved: ${error.message}`, { cause: error })
    })
    if (addresses.length === 0) throw new OutboundFailed('unknown host', `${name} has no address`)
    return addresses
  }

  async request(given: OutboundRequest, signal: AbortSignal): Promise<OutboundResponse> {
    const { clock } = this.#parts
    const { body, headers, method, responseBytesMax, timeoutMs } = given
    const url = new URL(given.url)
    if (url.protocol !== 'http:' && url.protocol !== 'https:')
      throw new OutboundFailed('connection failed', `${url.protocol} is not a protocol that is spoken here`)
    if (isIP(url.hostname.replace(/^\[|\]$/g, ''))) await this.resolve(url.hostname) // no lookup is made for these
    const { promise, resolve, reject } = Promise.withResolvers<OutboundResponse>()
    const request = (url.protocol === 'https:' ? https : http).request(url, {
      agent: this.#agents[url.protocol],
      method,
      headers: { ...headers, ...(body && { 'content-length': `${body.byteLength}` }) },
    })
    const end = (error: Error) => {
      reject(error)
      request.destroy()
    }
    const stopTimer = clock.after(timeoutMs, () =>
      end(new OutboundFailed('timeout', `no answer from ${url.host} within ${timeoutMs} ms`)),
    )
    const abort = () => end(signal.reason as Error)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    request.on('error', (error) => reject(failureOf(error, url.host, request.reusedSocket)))
    request.on('response', (response) => {
      const chunks: Buffer[] = []
      let sizeBytes = 0
      response.on('data', (chunk: Buffer) => {
        sizeBytes += chunk.byteLength
        if (sizeBytes > responseBytesMax)
          return end(
            new OutboundFailed('response too large', `${url.host} answers with more than ${responseBytesMax} bytes`),
          )
        chunks.push(chunk)
      })
      response.on('error', (error) => reject(failureOf(error, url.host, true)))
      response.on('end', () =>
        resolve({ status: response.statusCode!, headers: joined(response.headers), body: Buffer.concat(chunks) }),
      )
    })
    request.end(body)
    try {
      return await promise
    } finally {
      stopTimer()
      signal.removeEventListener('abort', abort)
    }
  }

  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy()
  }
}

async function lookUp(name: string): Promise<readonly string[]> {
  return (await systemLookup(name, { all: true })).map(({ address }) => address)
}

const joined = (headers: http.IncomingHttpHeaders) =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]),
  )

/** Node's codes → what went wrong. */
function failureOf(error: Error & { readonly code?: string }, host: string, wasConnected: boolean): OutboundFailed {
  if (error instanceof OutboundFailed) return error
  const { code = '', message } = error
  const isHandshake = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|EPROTO|HPE_)/.test(code)
  const failure = isHandshake
    ? 'handshake failed'
    : code === 'ECONNRESET' || code === 'EPIPE' || wasConnected
      ? 'connection reset'
      : 'connection failed'
  return new OutboundFailed(failure, `${host}: ${message}`, { cause: error })
}
