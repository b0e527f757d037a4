/**
 * The cookies by which a load balancer knows where it sent a client before: `Set-Cookie` → `Cookie`. A question about an
 * acknowledgment must come to the node that has the channel.
 *
 * @param setCookie several are joined by a comma, and an expiry date has a comma of its own
 */
export function sessionCookies(setCookie: string | undefined): string | undefined {
  const cookies = (setCookie ?? '')
    .split(/,\s*(?=[^;,=\s]+=)/)
    .map((cookie) => cookie.split(';')[0]!.trim())
    .filter((cookie) => cookie.includes('='))
  return cookies.length === 0 ? undefined : cookies.join('; ')
}
