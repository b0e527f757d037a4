import { isIP } from 'node:net'

/**
 * May a request name this host? Without authentication a web page that a user visits could otherwise reach the server
 * under a name of its own that it points at loopback (DNS rebinding). IP addresses and localhost cannot be rebound, and
 * a name without a dot belongs to the local network (a service of Docker Compose), never to a page of the web.
 * @param configured names that the server was told to have
 * @param isCertified is it a name of the server's certificate? What an operator had certified is the operator's.
 */
export function isOwnHost(
  authority: string,
  configured: readonly string[],
  isCertified?: (name: string) => boolean,
): boolean {
  if (authority === lastOfAnyServer) return true
  const name = authority
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase()
  const isOfAnyServer = name.endsWith('.localhost') || isIP(name) !== 0 || /^[a-z0-9_-]+$/.test(name)
  if (isOfAnyServer) lastOfAnyServer = authority
  return isOfAnyServer || configured.some((own) => own.toLowerCase() === name) || isCertified?.(name) === true
}

/** What the last request named of what any server may be named: the next one mostly names the same. */
let lastOfAnyServer: string | undefined
