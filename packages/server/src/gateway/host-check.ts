import { isIP } from 'node:net'

/**
 * May a request name this host? Without authentication a web page that a user visits could otherwise reach the server
 * under a name of its own that it points at loopback (DNS rebinding). IP addresses and localhost cannot be rebound.
 * @param configured the name that the server was told to listen on
 */
export function isOwnHost(authority: string, configured: string): boolean {
  const name = authority
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase()
  if (name === 'localhost' || name.endsWith('.localhost') || name === configured.toLowerCase()) return true
  return isIP(name) !== 0
}
