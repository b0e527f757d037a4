import { BlockList, isIP } from 'node:net'

/*
 * Which addresses a client's URL may lead to. Without a word from the operator these are the public ones: everything that
 * IANA's special-purpose registries keep for a machine itself, its network or nobody is refused, so that nobody reads the
 * cloud's metadata (169.254.169.254) or a neighbour's database by naming it as a destination.
 */

const special = {
  ipv4: [
    '0.0.0.0/8',
    '10.0.0.0/8',
    '100.64.0.0/10',
    '127.0.0.0/8',
    '169.254.0.0/16',
    '172.16.0.0/12',
    '192.0.0.0/24',
    '192.0.2.0/24',
    '192.88.99.0/24',
    '192.168.0.0/16',
    '198.18.0.0/15',
    '198.51.100.0/24',
    '203.0.113.0/24',
    '224.0.0.0/4',
    '240.0.0.0/4',
  ],
  // The ::ffff:0:…, 64:ff9b… and 2002… carry an IPv4 address inside.
  ipv6: [
    '::/96',
    '::ffff:0:0:0/96',
    '64:ff9b::/96',
    '64:ff9b:1::/48',
    '100::/64',
    '100:0:0:1::/64',
    '2001::/23',
    '2001:db8::/32',
    '2002::/16',
    '3fff::/20',
    '5f00::/16',
    'fc00::/7',
    'fe80::/10',
    'fec0::/10',
    'ff00::/8',
  ],
}

export class AddressRules {
  readonly #refused = new BlockList()
  readonly #allowed = new BlockList()

  /** @param allowed networks that may be reached although they are special, e.g. `10.0.0.0/8`, `127.0.0.1`. @throws RangeError */
  constructor(allowed: readonly string[] = []) {
    for (const network of [...special.ipv4, ...special.ipv6]) addNetwork(this.#refused, network)
    for (const network of allowed) addNetwork(this.#allowed, network)
  }

  /** @param given an IPv4 or IPv6 address, as text; what is none is not allowed */
  allows(given: string): boolean {
    const [address = ''] = given.split('%') // fe80::1%eth0: the zone is the machine's own matter
    const version = isIP(address)
    if (version === 0) return false
    const family = version === 6 ? 'ipv6' : 'ipv4'
    return this.#allowed.check(address, family) || !this.#refused.check(address, family)
  }
}

function addNetwork(list: BlockList, network: string): void {
  const [address = '', prefix] = network.split('/')
  const family = isIP(address)
  const bits = family === 6 ? 128 : 32
  const length = prefix === undefined ? bits : Number(prefix)
  if (family === 0 || !(Number.isInteger(length) && length >= 0 && length <= bits))
    throw new RangeError(`"${network}" is not a network like 10.0.0.0/8`)
  list.addSubnet(address, length, family === 6 ? 'ipv6' : 'ipv4')
}
