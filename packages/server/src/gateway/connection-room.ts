import type { Socket } from 'node:net'
import type { GatewayLimits } from './gateway-limits.ts'

type ConnectionLimits = Pick<GatewayLimits, 'connectionsMax' | 'connectionsPerAddressMax'>

/** Counts connections, all together and by where they come from. Those by Unix sockets come from no address. */
export class ConnectionRoom {
  readonly #limits: ConnectionLimits
  readonly #byAddress = new Map<string, number>()
  #count = 0

  constructor(limits: ConnectionLimits) {
    this.#limits = limits
  }

  /** Is there room for it? Then it is counted until it closes. */
  admit(socket: Socket): boolean {
    const address = networkOf(socket.remoteAddress)
    const fromThere = this.#byAddress.get(address) ?? 0
    if (this.#count >= this.#limits.connectionsMax) return false
    if (address !== '' && fromThere >= this.#limits.connectionsPerAddressMax) return false
    this.#count++
    this.#byAddress.set(address, fromThere + 1)
    socket.once('close', () => {
      this.#count--
      const left = this.#byAddress.get(address)! - 1
      if (left === 0) this.#byAddress.delete(address)
      else this.#byAddress.set(address, left)
    })
    return true
  }
}

/** `10.0.0.1` as it is, also from `::ffff:10.0.0.1`; the first four groups of any other IPv6 address; '' for none. */
export function networkOf(address: string | undefined): string {
  if (address === undefined || !address.includes(':')) return address ?? ''
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)
  if (mapped) return mapped[1]!
  const [before = '', after] = address.split('%', 1)[0]!.split('::', 2)
  const groups = before === '' ? [] : before.split(':')
  const behind = after === undefined || after === '' ? 0 : after.split(':').length
  const missing = after === undefined ? 0 : 8 - groups.length - behind
  return [...groups, ...new Array<string>(Math.max(0, missing)).fill('0'), ...(after?.split(':') ?? [])]
    .slice(0, 4)
    .join(':')
}
