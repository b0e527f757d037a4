/*
 * Addresses and CIDR ranges, as 16-bit groups: two of IPv4, eight of IPv6. IPv4 inside of IPv6 (`::ffff:1.2.3.4`) is IPv4.
 */

type Groups = readonly number[]

export type IpRange = { readonly groups: Groups; readonly prefixBits: number }

/** e.g. `203.0.113.0/24`; an address alone is a range of one. Undefined for all else. */
export function parseIpRange(text: string): IpRange | undefined {
  const slash = text.indexOf('/')
  const address = slash < 0 ? text : text.slice(0, slash)
  const groups = parseIp(address)
  if (!groups) return undefined
  const bits = groups.length * 16
  if (slash < 0) return { groups, prefixBits: bits }
  const prefix = decimal(text.slice(slash + 1), 3)
  // A range that is written over IPv4 inside of IPv6 counts its bits from the beginning of IPv6.
  const prefixBits = prefix !== undefined && bits === 32 && address.includes(':') ? prefix - 96 : prefix
  return prefixBits !== undefined && prefixBits >= 0 && prefixBits <= bits ? { groups, prefixBits } : undefined
}

export function parseIp(text: string): Groups | undefined {
  if (text.length > 45) return undefined
  if (!text.includes(':')) return parseIpV4(text)
  const groups = parseIpV6(text)
  if (!groups) return undefined
  const isV4 = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff
  return isV4 ? groups.slice(6) : groups
}

export function isInRange(address: Groups, { groups, prefixBits }: IpRange): boolean {
  if (address.length !== groups.length) return false
  for (let i = 0; i < groups.length && i * 16 < prefixBits; i++) {
    const bits = Math.min(16, prefixBits - i * 16)
    if ((address[i]! ^ groups[i]!) >> (16 - bits) !== 0) return false
  }
  return true
}

function parseIpV4(text: string): Groups | undefined {
  const bytes = text.split('.').map((part) => decimal(part, 3))
  const [a, b, c, d] = bytes
  if (bytes.length !== 4 || bytes.some((byte) => byte === undefined || byte > 255)) return undefined
  return [(a! << 8) | b!, (c! << 8) | d!]
}

function parseIpV6(text: string): Groups | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [before, after] = halves.map((half) => groupsOf(half))
  if (!before || (halves.length === 2 && !after)) return undefined
  if (!after) return before.length === 8 ? before : undefined
  const missing = 8 - before.length - after.length
  return missing >= 1 ? [...before, ...new Array<number>(missing).fill(0), ...after] : undefined
}

function groupsOf(half: string): number[] | undefined {
  if (half === '') return []
  const groups: number[] = []
  const parts = half.split(':')
  for (const [i, part] of parts.entries()) {
    if (part.includes('.')) {
      const v4 = i === parts.length - 1 ? parseIpV4(part) : undefined
      if (!v4) return undefined
      groups.push(...v4)
      continue
    }
    if (part === '' || part.length > 4) return undefined
    for (let at = 0; at < part.length; at++) if (!'0123456789abcdefABCDEF'.includes(part[at]!)) return undefined
    groups.push(Number.parseInt(part, 16))
  }
  return groups
}

function decimal(text: string, digitsMax: number): number | undefined {
  if (text === '' || text.length > digitsMax) return undefined
  for (let i = 0; i < text.length; i++) if (text[i]! < '0' || text[i]! > '9') return undefined
  return Number(text)
}
