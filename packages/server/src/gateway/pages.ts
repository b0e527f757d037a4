import { createHash, timingSafeEqual } from 'node:crypto'
import type { HttpRequest, HttpResponse } from './listener.ts'

/** What GET answers at a path of its own: /health, /metrics. */
export type Page = () => Promise<{ readonly contentType: string; readonly body: string }>

/** Who may read pages: anybody, whoever brings the token, or nobody. Those that say nothing of anybody are open to all. */
export type PageAccess = 'anybody' | 'nobody' | { readonly token: string }

const open = new Set(['/health', '/ca.pem'])

/** True if there is a page at this path: it was sent, or refused in words that say how to read it. */
export async function sendPage(
  pages: ReadonlyMap<string, Page>,
  access: PageAccess,
  request: HttpRequest,
  response: HttpResponse,
): Promise<boolean> {
  const path = request.url ?? ''
  const page = pages.get(path)
  if (!page) return false
  const refused = access === 'anybody' || open.has(path) ? undefined : refusalOf(access, request)
  if (refused) {
    send(response, refused.status, 'text/plain; charset=utf-8', `${refused.text}\n`, { 'www-authenticate': 'Bearer' })
    return true
  }
  const { contentType, body } = await page()
  send(response, 200, contentType, body)
  return true
}

function refusalOf(access: Exclude<PageAccess, 'anybody'>, { headers }: HttpRequest) {
  if (access === 'nobody')
    return {
      status: 403,
      text: 'This page is closed: start the server with --pages-token FILE, and send its text as Bearer.',
    }
  const [scheme, token, ...more] = (headers.authorization ?? '').split(' ')
  if (scheme?.toLowerCase() === 'bearer' && token !== undefined && more.length === 0 && isSame(token, access.token))
    return undefined
  return { status: 401, text: 'This page needs Authorization: Bearer TOKEN, with the text of the --pages-token FILE.' }
}

/** Takes as long for every text. */
const isSame = (said: string, token: string) => timingSafeEqual(digestOf(said), digestOf(token))
const digestOf = (text: string) => createHash('sha256').update(text).digest()

function send(
  response: HttpResponse,
  status: number,
  contentType: string,
  body: string,
  more?: Readonly<Record<string, string>>,
): void {
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...more,
  })
  response.end(body)
}
