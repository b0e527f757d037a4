import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, gatewayFixture } from './gateway-fixture.ts'
import type { PageAccess } from './pages.ts'

const page = (body: string) => async () => ({ contentType: 'text/plain', body })
const pages = new Map(['/health', '/ca.pem', '/metrics', '/deliveries'].map((path) => [path, page(`at ${path}`)]))
const token = 'a-token-of-32-characters-or-more'

test('pages that tell of streams are for who brings the token; health and authority are for all', async (t) => {
  const statusBy = async (pageAccess: PageAccess | undefined, path: string, authorization?: string) => {
    const { port, gateway } = await gatewayFixture(t, { pages, ...(pageAccess && { pageAccess }) })
    const headers = authorization === undefined ? {} : { authorization }
    const { status, text } = await call(port, { method: 'GET', path, headers, body: '' })
    await gateway.close()
    if (status !== 200) assert.match(text, /--pages-token/)
    return status
  }
  for (const path of ['/health', '/ca.pem'])
    for (const access of ['anybody', 'nobody', { token }] as const) assert.equal(await statusBy(access, path), 200)
  for (const path of ['/metrics', '/deliveries']) {
    assert.equal(await statusBy(undefined, path), 200)
    assert.equal(await statusBy('nobody', path, `Bearer ${token}`), 403)
    assert.equal(await statusBy({ token }, path, `Bearer ${token}`), 200)
    assert.equal(await statusBy({ token }, path, `bearer ${token}`), 200)
    const wrong = [undefined, '', 'Bearer', 'Bearer ', `Bearer ${token}x`, `Bearer ${token.slice(1)}`, `Basic ${token}`]
    for (const said of [...wrong, token, `Bearer ${token} x`, `Bearer  ${token}`, 'Bearer undefined'])
      assert.equal(await statusBy({ token }, path, said), 401, String(said))
  }
})
