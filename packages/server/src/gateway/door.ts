import type { Clock } from '@millrace/ports'
import type { Policy } from '../policies/policy.ts'
import type { ConnectionRoom } from './connection-room.ts'
import { isOwnHost } from './host-check.ts'
import { type Address, type HttpRequest, type HttpResponse, type Listener, listen } from './listener.ts'
import type { PrivateEndpoint } from './private-endpoints.ts'
import type { TlsDoor } from './tls/tls-door.ts'

/** Where requests come in: the server's own address, or a private endpoint. Each request is served knowing by which it came. */
export type Door = {
  readonly at: Address
  /** `vpce-…` of a private endpoint: `aws:SourceVpce`, and `vpcEndpointId` in the trail. Undefined at the server's own address. */
  readonly vpcEndpointId?: string | undefined
  /** `aws:SourceVpc`, where one was given. */
  readonly vpcId?: string | undefined
  /** What may pass, whoever asks; undefined for everything. It is another one when its file has changed. */
  readonly policy?: Policy | undefined
  /** Names that requests may give as their host, beside those that any server has (see isOwnHost). */
  readonly dnsNames: readonly string[]
  readonly tls?: TlsDoor | undefined
  /** Refuse who comes without TLS. @default false */
  readonly tlsOnly?: boolean
}

export type DoorLimits = {
  readonly headersTimeoutMs: number
  readonly idleTimeoutMs: number
  readonly networkClock: Clock
  readonly connections: ConnectionRoom
}

/** What `openDoors` makes of one, beside the server's own. */
export const privateDoor = (endpoint: PrivateEndpoint, own: Door): Door => {
  const { id, vpcId, at, dnsNames, tls } = endpoint
  return {
    at,
    vpcEndpointId: id,
    vpcId,
    get policy() {
      return endpoint.policy
    },
    dnsNames: 'host' in at ? [at.host, ...dnsNames] : dnsNames,
    tls: tls === 'off' ? undefined : own.tls,
    tlsOnly: tls === 'only' || (tls === 'server' && own.tlsOnly === true),
  }
}

/** May a request that came by this door name this host? */
export const isHostOf = ({ dnsNames, tls }: Door, authority: string): boolean =>
  isOwnHost(authority, dnsNames, tls?.names)

/** Opens all of them, or none. @throws where an address is taken */
export async function openDoors<D extends Door>(
  doors: readonly D[],
  limits: DoorLimits & { readonly onTlsMissing: () => void },
  handle: (request: HttpRequest, response: HttpResponse, door: D) => void,
): Promise<readonly Listener[]> {
  const open: Listener[] = []
  try {
    for (const door of doors)
      open.push(await listen({ ...limits, ...door }, (request, response) => handle(request, response, door)))
  } catch (error) {
    await Promise.all(open.map((listener) => listener.close(Promise.resolve())))
    throw error
  }
  return open
}
