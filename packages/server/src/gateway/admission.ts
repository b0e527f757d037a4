import { AwsError } from '../core/aws-error.ts'
import type { Caller } from '../core/caller.ts'
import { type BodyRoom, type Coming, needsRoom, type Share } from './body-room.ts'
import type { GatewayLimits } from './gateway-limits.ts'
import type { HttpRequest } from './listener.ts'

/** There are too many requests: what is told before anything of this one was looked at. */
export class Busy extends AwsError {}

/** In the words of https://docs.aws.amazon.com/kinesis/latest/APIReference/CommonErrors.html */
const serverIsBusy = () =>
  new Busy('ServiceUnavailable', 'The request has failed due to a temporary failure of the server.', 503)

const principalIsBusy = () => new Busy('ThrottlingException', 'Rate exceeded: too many requests are in flight.', 400)

/** Those who share one part of the gateway: a user or a role, or all strangers. */
export type Guest = Share & { inFlight: number; readonly requestsMax: number; readonly isStranger: boolean }

/** Keys, each from where it was used, that are known to belong to a user or a role. Who is forgotten begins as a stranger. */
const knownMax = 10_000

/**
 * Counts requests in flight, all together and by who sends them. Who that is can only be proved when the body is read, and a
 * body takes room: so whoever has proved it once from an address is believed there what the head claims, as far as room goes;
 * all others share the little that strangers have. Where signatures are not verified, all are one.
 */
export class Admission {
  readonly #limits: GatewayLimits
  readonly #strangers: Guest
  readonly #isVerifying: boolean
  /** By key and address. */
  readonly #known = new Map<string, Guest>()
  /** By ARN, of sessions the role's: a user does not become more by having many keys. */
  readonly #principals = new Map<string, Guest>()
  #inFlight = 0

  constructor(limits: GatewayLimits, isVerifying: boolean) {
    this.#limits = limits
    this.#isVerifying = isVerifying
    const { strangerBodyBytesMax, strangerRequestsMax, bodyBytesMax, requestsMax } = limits
    this.#strangers = isVerifying
      ? {
          heldBytes: 0,
          bytesMax: strangerBodyBytesMax,
          inFlight: 0,
          requestsMax: strangerRequestsMax,
          isStranger: true,
        }
      : { heldBytes: 0, bytesMax: bodyBytesMax, inFlight: 0, requestsMax, isStranger: false }
  }

  /** Counts a request until its stay is over. @throws Busy */
  enter(request: HttpRequest, room: BodyRoom): Stay {
    const guest = (this.#isVerifying && this.#known.get(placeOf(request))) || this.#strangers
    if (this.#inFlight >= this.#limits.requestsMax) throw serverIsBusy()
    if (guest.inFlight >= guest.requestsMax) throw guest.isStranger ? serverIsBusy() : principalIsBusy()
    this.#inFlight++
    guest.inFlight++
    return new Stay(this, room, guest)
  }

  leave(guest: Guest): void {
    this.#inFlight--
    guest.inFlight--
  }

  /** Who a stranger has proved to be: so they come from now on. */
  recognize(request: HttpRequest, arn: string): Guest {
    const guest = this.#guestOf(arn)
    remember(this.#known, placeOf(request), guest)
    return guest
  }

  #guestOf(arn: string): Guest {
    const known = this.#principals.get(arn)
    if (known) return known
    const { bodyBytesPerPrincipalMax: bytesMax, requestsPerPrincipalMax: requestsMax } = this.#limits
    const guest: Guest = { heldBytes: 0, bytesMax, inFlight: 0, requestsMax, isStranger: false }
    remember(this.#principals, arn, guest)
    return guest
  }
}

/** What one request takes while it is here, and for whom. */
export class Stay {
  readonly #admission: Admission
  readonly #room: BodyRoom
  #guest: Guest
  #heldBytes = 0
  #coming: Coming | undefined

  constructor(admission: Admission, room: BodyRoom, guest: Guest) {
    this.#admission = admission
    this.#room = room
    this.#guest = guest
  }

  /** Resolves once its body may come in; undefined if it may at once. */
  enterBody(sizeBytes: number): Promise<void> | undefined {
    if (!needsRoom(sizeBytes)) return undefined
    const waited = this.#room.enter(sizeBytes, this.#guest)
    if (waited) return waited.then(() => this.#begin(sizeBytes))
    this.#begin(sizeBytes)
    return undefined
  }

  /** A body that has room and is on its way; undefined if it is small. */
  get coming(): Coming | undefined {
    return this.#coming
  }

  /** All of its body is there. */
  hasCome(): void {
    if (this.#coming) this.#room.end(this.#coming)
    this.#coming = undefined
  }

  /** Its signature was good: it goes on as who sent it. */
  recognized(request: HttpRequest, { identity }: Caller): void {
    if (!this.#guest.isStranger || !identity) return
    const guest = this.#admission.recognize(request, identity.session?.issuer.arn ?? identity.arn)
    this.#guest.inFlight--
    this.#guest.heldBytes -= this.#heldBytes
    guest.inFlight++
    guest.heldBytes += this.#heldBytes
    this.#guest = guest
  }

  /** Nobody needs its body any more. */
  releaseBody(): void {
    this.hasCome()
    if (this.#heldBytes > 0) this.#room.leave(this.#heldBytes, this.#guest)
    this.#heldBytes = 0
  }

  end(): void {
    this.releaseBody()
    this.#admission.leave(this.#guest)
  }

  #begin(sizeBytes: number): void {
    this.#heldBytes = sizeBytes
    this.#coming = this.#room.begin(sizeBytes)
  }
}

/** The oldest is forgotten when there are too many. */
function remember(map: Map<string, Guest>, key: string, guest: Guest): void {
  map.set(key, guest)
  if (map.size > knownMax) map.delete(map.keys().next().value!)
}

/** The key that a request claims, and where it comes from. */
function placeOf({ headers, url = '', socket }: HttpRequest): string {
  const { authorization } = headers
  const text = authorization ?? url
  const name = authorization === undefined ? 'X-Amz-Credential=' : 'Credential='
  const begin = text.indexOf(name) + name.length
  return `${text.slice(begin, begin + accessKeyCharsMax).split(endOfKey, 1)[0]} ${socket.remoteAddress}`
}

const accessKeyCharsMax = 128
const endOfKey = /\/|%2f/i
