import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '@millrace/ports'
import { call, gatewayFixture } from '../gateway-fixture.ts'
import { fixedCredentials, signed, type WireRequest } from './signature-fixture.ts'

/* Signatures through HTTP: what of it is not about HTTP is in signature-verifier.test.ts. */

const clock = new ManualClock(Date.UTC(2026, 0, 1))

function echo(port: number): WireRequest {
  const rawHeaders = ['Host', `127.0.0.1:${port}`, 'Content-Type', 'application/x-amz-json-1.1']
  return {
    method: 'POST',
    url: '/',
    rawHeaders: [...rawHeaders, 'X-Amz-Target', 'Fake_1.Echo'],
    body: Buffer.from('{"Name":"a"}'),
  }
}

const send = (port: number, { method, url, rawHeaders, body }: WireRequest) =>
  call(port, { method, path: url, headers: headersOf(rawHeaders), body })

const headersOf = (raw: readonly string[]) =>
  Object.fromEntries(raw.flatMap((name, i) => (i % 2 === 0 ? [[name, raw[i + 1]!]] : [])))

test('with credentials, a signed request is answered and an unsigned one is not', async (t) => {
  const { port } = await gatewayFixture(t, { credentials: fixedCredentials, clock })
  const request = echo(port)
  const right = await send(port, signed(request, { atMs: clock.nowMs() }))
  assert.equal(right.status, 200, right.text)
  const unsigned = await send(port, request)
  assert.equal(unsigned.status, 400)
  assert.deepEqual(JSON.parse(unsigned.text), {
    __type: 'MissingAuthenticationTokenException',
    message: 'Missing Authentication Token',
  })
  const other = { ...signed(request, { atMs: clock.nowMs() }), body: Buffer.from('{"Name":"b"}') }
  const tampered = await send(port, other)
  assert.equal(tampered.status, 400)
  assert.equal(JSON.parse(tampered.text).__type, 'InvalidSignatureException')
})
