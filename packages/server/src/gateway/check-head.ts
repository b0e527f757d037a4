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
  const because = ambiguityOf(request)
  if (because) throw new Ambiguous('AccessDeniedException', because, 403)
}

/** What two readers could read differently. Nothing that comes behind it on its connection is looked at. */
export class Ambiguous extends Unroutable {}

/** What could be read in two ways; undefined if nothing. */
function ambiguityOf({ url = '', httpVersionMajor, httpVersionMinor, headers, rawHeaders }: HttpRequest) {
  if (url.charCodeAt(0) !== slash) return 'The request target is not a path'
  const isHttp2 = headers[':method'] !== undefined
  if (!isHttp2 && httpVersionMajor !== 1) return 'The version of HTTP is not that of the connection'
  const { connection, 'transfer-encoding': coding } = headers
  if (coding !== undefined && (coding.toLowerCase() !== 'chunked' || httpVersionMinor === 0))
    return 'The only Transfer-Encoding is chunked, of HTTP/1.1'
  if (connection !== undefined && !isPlainConnection(connection)) return 'Connection names headers that are not of it'
  if (
    isHttp2 &&
    headers.host !== undefined &&
    headers[':authority'] !== undefined &&
    headers.host !== headers[':authority']
  )
    return 'The headers host and :authority differ'
  // Of HTTP/1.1 Node keeps one member for each name, however often it came: as many as came, and none came twice.
  if (!isHttp2 && Object.keys(headers).length === rawHeaders.length / 2) return undefined
  const seen = new Set<string>()
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase()
    if (seen.has(name) && (once.has(name) || name.startsWith('x-amz-')))
      return `The header ${name} was sent more than once`
    seen.add(name)
  }
  return undefined
}

const slash = 0x2f

/** What `Connection` names, a proxy takes away: of what is signed or says whither, it may take nothing. */
const isPlainConnection = (value: string): boolean =>
  value === 'keep-alive' || value.split(',').every((name) => ofConnection.has(name.trim().toLowerCase()))
const ofConnection = new Set(['', 'keep-alive', 'close', 'upgrade', 'http2-settings', 'te'])

/** Of a header sent twice, Node keeps the first and others may keep the last: what is signed must be unambiguous. */
const once = new Set(['host', ':authority', 'authorization', 'content-type', 'content-length', 'date'])
