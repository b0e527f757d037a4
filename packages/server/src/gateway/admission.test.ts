import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { test } from 'node:test'
import { systemClock } from '@millrace/ports'
import type { Caller } from '../core/caller.ts'
import { Admission, Busy } from './admission.ts'
import { BodyRoom } from './body-room.ts'
import { call, gatewayFixture, signedHeaders } from './gateway-fixture.ts'
import { standardGatewayLimits, takeGatewayLimits } from './gateway-limits.ts'
import type { HttpRequest } from './listener.ts'

const limits = {
  ...standardGatewayLimits,
  requestsMax: 6,
  requestsPerPrincipalMax: 3,
  strangerRequestsMax: 2,
  bodyBytesPerPrincipalMax: 64 * 1024,
}
const from = (key: string, remoteAddress = '10.0.0.1', inQuery = false) =>
  ({
    headers: inQuery
      ? {}
      : { authorization: `AWS4-HMAC-SHA256 Credential=${key}/20260101/us-east-1/kinesis/aws4_request` },
    url: inQuery ? `/?X-Amz-Credential=${key}%2F20260101%2Fus-east-1` : '/',
    socket: { remoteAddress },
  }) as unknown as HttpRequest
const callerOf = (name: string): Caller => ({
  accountId: '000000000000',
  accessKeyId: 'AK',
  identity: { type: 'IAMUser', arn: `arn:aws:iam::000000000000:user/${name}`, principalId: name, name },
})

test('strangers share little, and who has proved who they are has a share of their own, by all keys together', () => {
  const admission = new Admission(limits, true)
  const room = new BodyRoom(1024 * 1024, systemClock)
  const enter = (request: HttpRequest) => admission.enter(request, room)
  const first = enter(from('ALICE1'))
  enter(from('UNKNOWN'))
  assert.throws(
    () => enter(from('ALICE1')),
    (error: unknown) => error instanceof Busy && error.status === 503,
  )
  first.recognized(from('ALICE1'), callerOf('alice'))
  const second = enter(from('ALICE1'))
  const other = enter(from('ALICE2')) // a stranger, in the place that the first has left
  other.recognized(from('ALICE2'), callerOf('alice'))
  for (const request of [from('ALICE1'), from('ALICE2'), from('ALICE1', '10.0.0.1', true)])
    assert.throws(() => enter(request), { name: 'ThrottlingException', status: 400 })
  enter(from('ALICE1', '10.6.6.6')) // who uses her key's name from elsewhere is a stranger, and takes nothing from her
  assert.throws(() => enter(from('ALICE1', '10.6.6.6')), { name: 'ServiceUnavailable', status: 503 })
  second.end()
  enter(from('ALICE2'))
  const last = () => enter(from('ALICE1'))
  other.end()
  last()
  assert.throws(last, { name: 'ThrottlingException' })
})

test('the room that a stranger took goes over to who it was', async () => {
  const admission = new Admission(limits, true)
  const room = new BodyRoom(1024 * 1024, systemClock)
  const kib64 = 64 * 1024
  const first = admission.enter(from('ALICE1'), room)
  assert.equal(first.enterBody(kib64), undefined)
  first.recognized(from('ALICE1'), callerOf('alice'))
  const second = admission.enter(from('ALICE1'), room)
  let isIn = false
  const waited = second.enterBody(kib64)!.then(() => {
    isIn = true
  })
  assert.equal(admission.enter(from('BOB'), room).enterBody(kib64), undefined, 'others have room')
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(isIn, false, 'her share is used up')
  first.end()
  await waited
  second.end()
})

test('without verified signatures there is one bound for all', () => {
  const admission = new Admission(limits, false)
  const room = new BodyRoom(1024 * 1024, systemClock)
  const stays = Array.from({ length: 6 }, (_, i) => admission.enter(from(`K${i}`), room))
  assert.throws(() => admission.enter(from('K'), room), { name: 'ServiceUnavailable' })
  stays[0]!.end()
  admission.enter(from('K'), room)
})

test('who comes when there is no room is told so in their own protocol, and those who are in are served', async (t) => {
  const { port, trace } = await gatewayFixture(t, { limits: { requestsMax: 1 } })
  const slow = call(port, { headers: signedHeaders('Slow') })
  while (!trace.release) await new Promise((resolve) => setImmediate(resolve))
  const refused = await call(port, { headers: signedHeaders('Echo') })
  assert.equal(refused.status, 503)
  assert.equal(JSON.parse(refused.text).__type, 'ServiceUnavailable')
  assert.equal((await call(port, { headers: {} })).status, 503)
  trace.release()
  assert.equal((await slow).status, 200)
  assert.equal((await call(port, { headers: signedHeaders('Echo') })).status, 200)
})

test('clients that announce large bodies and send nothing lose their room to whoever comes', async (t) => {
  const { port } = await gatewayFixture(t, { limits: { bodyBytesMax: 1024 * 1024 } })
  const head = Object.entries({ ...signedHeaders('Batch'), host: 'localhost', 'content-length': String(1024 * 1024) })
  const silent = net.connect(port, '127.0.0.1')
  silent.on('error', () => {})
  silent.write(`POST / HTTP/1.1\r\n${head.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n{`)
  const gone = once(silent.resume(), 'close')
  await new Promise((resolve) => setTimeout(resolve, 50))
  const startedMs = performance.now()
  const body = JSON.stringify({ Records: [{ Data: 'A'.repeat(200 * 1024), PartitionKey: 'a' }] })
  assert.equal((await call(port, { headers: signedHeaders('Batch'), body })).status, 200)
  const waitedMs = performance.now() - startedMs
  t.diagnostic(`an honest body waited ${Math.round(waitedMs)} ms behind a silent one`)
  assert.ok(waitedMs < 25_000) // a body may take 30 s
  await gone
})

test('limits of the gateway stand beside those of the services, and are checked by name', () => {
  const { gateway, rest } = takeGatewayLimits({ requestsMax: 7, shardReadsPerSecond: 1 } as object)
  assert.equal(gateway.requestsMax, 7)
  assert.deepEqual(rest, { shardReadsPerSecond: 1 })
  assert.throws(() => takeGatewayLimits({ connectionsMax: 'many' }), /^Error: limits: connectionsMax must be a whole/)
  assert.equal(takeGatewayLimits('off').gateway, standardGatewayLimits, 'protection is not lifted with quotas')
})
