import type { HttpRequest, HttpResponse } from './listener.ts'

/** What GET answers at a path of its own: /health, /metrics. */
export type Page = () => Promise<{ readonly contentType: string; readonly body: string }>

/** True if there is a page at this path. */
export async function sendPage(
  pages: ReadonlyMap<string, Page>,
  request: HttpRequest,
  response: HttpResponse,
): Promise<boolean> {
  const page = pages.get(request.url ?? '')
  if (!page) return false
  const { contentType, body } = await page()
  response.writeHead(200, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) })
  response.end(body)
  return true
}
