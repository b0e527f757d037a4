import { lookup as systemLookup } from 'node:dns/promises'
import http from 'node:http'
import https from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { getCACertificates } from 'node:tls'
import type { Clock } from '@millrace/ports'
import { type Outbound, OutboundFailed, type OutboundRequest, type OutboundResponse } from '../core/ports/outbound.ts'
import type { AddressRules } from './address-rules.ts'
import { Exchange, StaleConnection } from './exchange.ts'

export type OutboundParts = {
  readonly clock: Clock
  readonly rules: AddressRules
  /** A name's addresses. @default the system's resolver */
  readonly lookup?: (host: string) => Promise<readonly string[]>
  /** Authorities to trust beside those that Node trusts (NODE_EXTRA_CA_CERTS among them), as PEM. */
  readonly authorities?: string | undefined
  /** Connections to one host; more requests wait until one is free. @default 32 */
  readonly hostSocketsMax?: number
  /** Connections to all hosts. @default 512 */
  readonly socketsMax?: number
}

/** Kept for the next request to the same host, so many and so long: nobody else waits for a connection that nobody uses. */
const idleSocketsMax = 8
const idleMs = 10_000

type Agents = { readonly 'http:': http.Agent; readonly 'https:': https.Agent }

/** HTTP to wherever a client said, by Node's own client, behind address rules. */
export class OutboundHttp implements Outbound {
  readonly #parts: OutboundParts
  readonly #keeping: Agents
  /** For a second try, when the kept connection was closed by the other side. */
  readonly #fresh: Agents

  constructor(parts: OutboundParts) {
    this.#parts = parts
    // Each connection asks here, so that an address that was checked is the one that is reached.
    const lookup: LookupFunction = (host, options, callback) => {
      this.#allowed(host).then(
        (addresses) => {
          const found = addresses.map((address) => ({ address, family: isIP(address) }))
          if (options.all) callback(null, found)
          else callback(null, found[0]!.address, found[0]!.family)
        },
        (error: Error) => callback(error, '', 4),
      )
    }
    const { authorities, hostSocketsMax: maxSockets = 32, socketsMax: maxTotalSockets = 512 } = parts
    const bounds = { lookup, maxSockets, maxTotalSockets }
    const trust = authorities === undefined ? {} : { ca: [...getCACertificates('default'), authorities] }
    const agents = (options: http.AgentOptions): Agents => ({
      'http:': new http.Agent({ ...bounds, ...options }),
      'https:': new https.Agent({ ...bounds, ...options, ...trust }),
    })
    this.#keeping = agents({ keepAlive: true, maxFreeSockets: idleSocketsMax, timeout: idleMs })
    this.#fresh = agents({ keepAlive: false })
  }

  async resolve(host: string): Promise<string> {
    return (await this.#allowed(host))[0]!
  }

  /** The addresses of a host that may be reached: at least one. @throws OutboundFailed */
  async #allowed(host: string): Promise<readonly string[]> {
    const name = host.replace(/^\[|\]$/g, '')
    const addresses = isIP(name) ? [name] : await this.#addressesOf(name)
    const allowed = addresses.filter((address) => this.#parts.rules.allows(address))
    if (allowed.length === 0)
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
    const url = URL.parse(given.url)
    if (!url) throw new OutboundFailed('connection failed', 'the address is not a URL')
    const { protocol } = url
    if (protocol !== 'http:' && protocol !== 'https:')
      throw new OutboundFailed('connection failed', `${protocol} is not a protocol that is spoken here`)
    if (isIP(url.hostname.replace(/^\[|\]$/g, ''))) await this.resolve(url.hostname) // no lookup is made for these
    try {
      return await new Exchange(clock, url, given, this.#keeping[protocol]).answer(signal)
    } catch (error) {
      if (!(error instanceof StaleConnection)) throw error
      return await new Exchange(clock, url, given, this.#fresh[protocol]).answer(signal)
    }
  }

  close(): void {
    for (const agent of [...Object.values(this.#keeping), ...Object.values(this.#fresh)]) agent.destroy()
  }
}

async function lookUp(name: string): Promise<readonly string[]> {
  return (await systemLookup(name, { all: true })).map(({ address }) => address)
}
