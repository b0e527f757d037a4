import { type Door, isHostOf } from './door.ts'
import type { HttpRequest } from './listener.ts'
import { Unroutable } from './route.ts'

/**
 * What a browser's page or a confused proxy would send is refused before anything looks at the request's meaning.
 *
 * For the same reason no answer has `Access-Control-Allow-Origin`, where AWS says `*`: AWS can afford it, for a page
 * cannot sign. Here signatures are not verified, and any page that the user visits could read and write streams.
 */
export function checkHead(request: HttpRequest, door: Door): void {
  const authority = String(request.headers[':authority'] ?? request.headers.host ?? '')
  if (!isHostOf(door, authority))
    throw new Unroutable(
      'AccessDeniedException',
      'Millrace does not answer under this host name: use localhost, an address, or the name given to --host',
      403,
    )
  const seen = new Set<string>()
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    const name = request.rawHeaders[i]!.toLowerCase()
    if (seen.has(name) && (once.has(name) || name.startsWith('x-amz-')))
      throw new Unroutable('AccessDeniedException', `The header ${name} was sent more than once`, 403)
    seen.add(name)
  }
}

/** Of a header sent twice, Node keeps the first and others may keep the last: what is signed must be unambiguous. */
const once = new Set(['host', ':authority', 'authorization', 'content-type', 'content-length', 'date'])
