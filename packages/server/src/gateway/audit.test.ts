import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '@millrace/ports'
import type { AuditedCall, AuditTrail } from '../core/audit.ts'
import { call, gatewayFixture, signedHeaders } from './gateway-fixture.ts'
import { privateEndpointsOf } from './private-endpoints.ts'
import { alice, fixedCredentials, type SignOptions, signed } from './signature/signature-fixture.ts'

const clock = new ManualClock(Date.UTC(2026, 0, 1))

/** Keeps what it is told; `isBlind` says which operations do not concern it. */
class TrailInMemory implements AuditTrail {
  readonly calls: AuditedCall[] = []
  readonly isBlind: (name: string) => boolean

  constructor(isBlind: (name: string) => boolean = () => false) {
    this.isBlind = isBlind
  }
  concerns(_service: unknown, { name }: { readonly name: string }) {
    return !this.isBlind(name)
  }
  record(told: AuditedCall) {
    this.calls.push(told)
  }
}

function signedCall(port: number, name: string, body: string, options: Partial<SignOptions> = {}) {
  const head = [
    'Host',
    `127.0.0.1:${port}`,
    'Content-Type',
    'application/x-amz-json-1.1',
    'X-Amz-Target',
    `Fake_1.${name}`,
  ]
  const request = { method: 'POST', url: '/', rawHeaders: head, body: Buffer.from(body) }
  const { rawHeaders } = signed(request, { atMs: clock.nowMs(), ...options })
  const headers = Object.fromEntries(rawHeaders.flatMap((each, i) => (i % 2 === 0 ? [[each, rawHeaders[i + 1]!]] : [])))
  return call(port, { headers, body })
}

test('a signed call is told of once, with who signed it, what was asked and what came out', async (t) => {
  const trail = new TrailInMemory()
  const { port } = await gatewayFixture(t, { credentials: fixedCredentials, clock, trail })
  assert.equal((await signedCall(port, 'Echo', '{"Name":"a"}')).status, 200)
  const [told, ...more] = trail.calls
  assert.deepEqual(more, [])
  assert.deepEqual(told!.caller.identity, alice.principal.identity)
  assert.equal(told!.caller.accessKeyId, alice.accessKeyId)
  assert.deepEqual({ ...(told!.input as object) }, { Name: 'a', Data: undefined, Limit: undefined })
  assert.ok('output' in told!.outcome)
  assert.equal(told!.sourceIp, '127.0.0.1')
})

test('a wrong signature, an unknown key and none at all are not told of', async (t) => {
  const trail = new TrailInMemory()
  const { port } = await gatewayFixture(t, { credentials: fixedCredentials, clock, trail })
  const wrong = { ...alice, secret: 'wrong' }
  const unknown = { ...alice, accessKeyId: 'AKIDUNKNOWNUNKNOWN12' }
  for (const key of [wrong, unknown]) assert.equal((await signedCall(port, 'Echo', '{}', { key })).status, 400)
  assert.equal((await signedCall(port, 'Echo', '{}', { atMs: clock.nowMs() - 301_000 })).status, 400)
  assert.equal(
    (await call(port, { headers: { 'x-amz-target': 'Fake_1.Echo', 'content-type': 'application/x-amz-json-1.1' } }))
      .status,
    400,
  )
  assert.deepEqual(trail.calls, [])
})

test('what was asked wrongly, or failed inside, is told of with its error, and the error says nothing of the inside', async (t) => {
  const trail = new TrailInMemory()
  const { port } = await gatewayFixture(t, { credentials: fixedCredentials, clock, trail })
  for (const [name, body] of [
    ['Echo', '{"Name":"far too long"}'],
    ['Echo', '{"Limit":"x"}'],
    ['Broken', '{}'],
  ] as const)
    await signedCall(port, name, body)
  assert.deepEqual(
    trail.calls.map(
      ({ outcome }) => 'error' in outcome && `${outcome.error.code} ${outcome.error.message.includes('passwd')}`,
    ),
    ['ValidationException false', 'SerializationException false', 'InternalFailure false'],
  )
  assert.deepEqual([trail.calls[0]!.input !== undefined, trail.calls[1]!.input], [true, undefined])
})

test('calls that do not concern the trail are not told of', async (t) => {
  const trail = new TrailInMemory((name) => name === 'Echo')
  const { port } = await gatewayFixture(t, { trail })
  await call(port, { headers: signedHeaders('Echo') })
  await call(port, { headers: signedHeaders('Nothing') })
  assert.deepEqual(
    trail.calls.map(({ operation }) => operation.name),
    ['Nothing'],
  )
})

test('a call by a private endpoint is told of with that endpoint, any other without', async (t) => {
  const trail = new TrailInMemory()
  const privateEndpoints = privateEndpointsOf([
    { name: 'orders', id: 'vpce-0123456789abcdef0', address: '127.0.0.1:0' },
  ])
  const { port, gateway } = await gatewayFixture(t, { trail, privateEndpoints })
  const [url] = gateway.endpoints.values()
  await call(port, { headers: signedHeaders('Nothing') })
  await call(Number(new URL(url!).port), { headers: signedHeaders('Nothing') })
  assert.deepEqual(
    trail.calls.map(({ vpcEndpointId }) => vpcEndpointId),
    [undefined, 'vpce-0123456789abcdef0'],
  )
})
