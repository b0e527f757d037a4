import type { HttpRequest } from './listener.ts'

/**
 * Was it sent by a page of another origin? A form, or a call of a REST path, needs no header that a page would have to ask
 * leave for, as `X-Amz-Target` is one: any page that the user visits could send it, though it would not see the answer. But
 * browsers say where it comes from.
 */
export function isFromOtherPage({ headers }: HttpRequest): boolean {
  const authority = String(headers[':authority'] ?? headers.host ?? '')
  const { origin, 'sec-fetch-site': site = 'none' } = headers
  if (origin !== undefined && origin !== `http://${authority}` && origin !== `https://${authority}`) return true
  return site !== 'none' && site !== 'same-origin'
}
