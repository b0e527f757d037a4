import type { TLSSocket } from 'node:tls'
import type { Clock } from '@millrace/ports'
import type { ConditionKeys, Need, ResourceGuard } from '../core/access.ts'
import type { Place } from '../core/arn.ts'
import type { Principal } from '../identity/credentials.ts'
import type { Door } from './door.ts'
import type { HttpRequest } from './listener.ts'

type Parts = {
  readonly clock: Clock
  readonly door: Pick<Door, 'vpcEndpointId' | 'vpcId'>
  readonly guard: ResourceGuard | undefined
  readonly need: Need
  readonly place: Place
  readonly principal: Principal
  readonly request: HttpRequest
  readonly resourceAccountId: string
}

const resourceTag = 'aws:resourcetag/'

/**
 * What conditions may ask of one request on one resource, found out when a policy asks. What the caller is comes first: no
 * tag of a request can pass for it.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 */
export class RequestKeys implements ConditionKeys {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  get(name: string): readonly string[] | undefined {
    const value = this.#ofRequest(name)
    if (value !== undefined) return [value]
    const { need, principal } = this.#parts
    return principal.keys.get(name) ?? need.keys?.get(name)
  }

  #ofRequest(name: string): string | undefined {
    const { clock, door, place, request, resourceAccountId } = this.#parts
    switch (name) {
      // Behind a private endpoint an address means another network: there it is asked for by another name.
      case 'aws:sourceip':
        return door.vpcEndpointId === undefined ? addressOf(request) : undefined
      case 'aws:vpcsourceip':
        return door.vpcEndpointId === undefined ? undefined : addressOf(request)
      case 'aws:sourcevpce':
        return door.vpcEndpointId
      case 'aws:sourcevpc':
        return door.vpcId
      case 'aws:currenttime':
        return new Date(clock.nowMs()).toISOString()
      case 'aws:epochtime':
        return String(Math.floor(clock.nowMs() / 1000))
      case 'aws:securetransport':
        return String((request.socket as Partial<TLSSocket>).encrypted === true)
      case 'aws:useragent':
        return request.headers['user-agent']
      case 'aws:referer':
        return request.headers.referer
      case 'aws:requestedregion':
        return place.region
      case 'aws:resourceaccount':
        return resourceAccountId
      case 'aws:viaawsservice':
        return 'false'
      default:
        return name.startsWith(resourceTag) ? this.#resourceTag(name.slice(resourceTag.length)) : undefined
    }
  }

  /** Names of tags are alike in policies whatever their letters' case. */
  #resourceTag(name: string): string | undefined {
    const { guard, need } = this.#parts
    for (const [key, value] of guard?.tagsOf(need.resource) ?? []) if (key.toLowerCase() === name) return value
    return undefined
  }
}

/** IPv4 as it is written, also where it came by a socket for both kinds. */
const addressOf = ({ socket }: HttpRequest): string | undefined =>
  socket.remoteAddress?.replace(/^::ffff:(?=\d+\.)/, '')
