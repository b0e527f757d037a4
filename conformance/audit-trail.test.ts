import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { type Millrace, type MillraceOptions, startMillrace } from '../packages/server/src/index.ts'
import { CanaryInputs, operationTables } from '../packages/server/src/trail/canary-input-fixture.ts'
import { toldMembers, toldOfData } from '../packages/server/src/trail/told-members.ts'
import { anySignature } from './harness/signature.ts'

/* The audit trail as an operator finds it: files of a server that ran, and what is in them. */

// biome-ignore lint/suspicious/noExplicitAny: what a file holds is what the test asks
type Found = any

async function started(t: TestContext, options: MillraceOptions = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-audit-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const server = await startMillrace({ trail: folder, trailDataEvents: 'all', transitionMs: 0, ...options })
  t.after(() => server.stop())
  /** Ends the server: then its last file is there. */
  const records = async (): Promise<Found[]> => {
    await server.stop()
    return logFiles(folder).flatMap(({ text }) => JSON.parse(text).Records)
  }
  return { server, folder, records }
}

function logFiles(folder: string): { readonly name: string; readonly text: string }[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json.gz'))
    .map((name) => ({ name, text: gunzipSync(readFileSync(join(folder, name))).toString() }))
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 4 })
test.after(() => agent.destroy())

const signed = { 'x-amz-date': '20260101T000000Z', authorization: anySignature }

type Post = { readonly target: string; readonly body: unknown; readonly headers?: Readonly<Record<string, string>> }

function post({ url, tlsUrl, authority }: Partial<Millrace>, { target, body, headers = signed }: Post) {
  const type = target.startsWith('Dynamo') || target.startsWith('Granite') ? '1.0' : '1.1'
  const all = {
    'content-type': `application/x-amz-json-${type}`,
    'x-amz-target': target,
    'user-agent': 'test',
    ...headers,
  }
  return new Promise<number>((resolve, reject) => {
    const secure = tlsUrl && https.request(tlsUrl, { method: 'POST', headers: all, ca: authority!.pem, agent: false })
    const request = secure || http.request(url!, { method: 'POST', headers: all, agent })
    request.on('error', reject)
    request.on('response', (response) => response.resume().on('end', () => resolve(response.statusCode!)))
    request.end(JSON.stringify(body))
  })
}

test('no payload and no secret sent to any operation of any service comes into the files', async (t) => {
  const { server, folder, records } = await started(t)
  const canaries = new CanaryInputs()
  let calls = 0
  for (const { target, operations } of operationTables)
    for (const operation of operations) {
      const body = canaries.of(operation.input, operation.name, operation.name)
      await post(server, { target: `${target}.${operation.name}`, body })
      calls++
    }
  assert.equal((await records()).length, calls)
  for (const { text } of logFiles(folder))
    for (const record of JSON.parse(text).Records) {
      const service = record.eventSource.split('.')[0]
      const names = (record.managementEvent ? toldMembers : toldOfData).get(service)!
      const { resources, ...rest } = record
      for (const { path, member } of canaries.foundIn(JSON.stringify(rest)))
        assert.ok(names.has(member), `${path} came out: ${JSON.stringify(record)}`)
      // The keys of RequestItems are names of tables.
      for (const { path, member } of canaries.foundIn(JSON.stringify(resources ?? [])))
        assert.ok(names.has(member) || member === 'RequestItems', `${path} came out: ${JSON.stringify(record)}`)
    }
  t.diagnostic(`${calls} calls with ${canaries.planted.size} canaries`)
})

test('records that are put, read and refused leave their streams in the trail, and nothing of themselves', async (t) => {
  const { server, records } = await started(t)
  const kinesis = (name: string, body: unknown) => post(server, { target: `Kinesis_20131202.${name}`, body })
  const Data = Buffer.from('payload-canary').toString('base64')
  await kinesis('CreateStream', { StreamName: 'orders', ShardCount: 1 })
  while ((await kinesis('PutRecord', { StreamName: 'orders', Data, PartitionKey: 'key-canary' })) !== 200);
  await kinesis('PutRecords', { StreamName: 'orders', Records: [{ Data, PartitionKey: 'key-canary' }] })
  await kinesis('PutRecord', { StreamName: 'orders', Data, PartitionKey: '' })
  await kinesis('PutRecord', { StreamName: 'orders', Data, PartitionKey: `key-canary${'y'.repeat(300)}` })
  await kinesis('PutRecord', { StreamName: 'orders', Data: 'payload-canary is no base64!', PartitionKey: 'k' })
  const all = await records()
  const text = JSON.stringify(all)
  for (const canary of ['payload-canary', Data, 'key-canary']) assert.ok(!text.includes(canary), canary)
  const puts = all.filter(({ eventName }) => eventName === 'PutRecords')
  assert.equal(puts.length, 1)
  assert.deepEqual(puts[0].requestParameters, { streamName: 'orders' })
  assert.deepEqual(puts[0].resources, [
    {
      accountId: '000000000000',
      type: 'AWS::Kinesis::Stream',
      ARN: 'arn:aws:kinesis:us-east-1:000000000000:stream/orders',
    },
  ])
  assert.ok(all.some(({ errorCode }) => errorCode === 'ValidationException'))
})

test('without data events calls that move data are not in the trail, and management calls are', async (t) => {
  const { server, records } = await started(t, { trailDataEvents: 'none' })
  await post(server, {
    target: 'Kinesis_20131202.PutRecord',
    body: { StreamName: 'a', Data: 'eA==', PartitionKey: 'k' },
  })
  await post(server, { target: 'DynamoDB_20120810.GetItem', body: { TableName: 'abc', Key: { k: { S: 'v' } } } })
  await post(server, { target: 'DynamoDB_20120810.DescribeTable', body: { TableName: 'abc' } })
  const all = await records()
  assert.deepEqual(
    all.map(({ eventName, errorCode }) => `${eventName} ${errorCode}`),
    ['DescribeTable ResourceNotFoundException'],
  )
})

test('a request that nobody signed is not in the trail, as it is not in CloudTrail', async (t) => {
  const { server, records } = await started(t)
  const target = 'Kinesis_20131202.ListStreams'
  assert.equal(await post(server, { target, body: {}, headers: {} }), 400)
  assert.equal(await post(server, { target, body: {} }), 200)
  assert.equal((await records()).length, 1)
})

test('what comes by TLS is recorded with the version, the cipher and the host that were really used', async (t) => {
  const { server, records } = await started(t, { tls: true })
  const plain = await post({ url: server.url }, { target: 'Kinesis_20131202.ListStreams', body: {} })
  const secure = await post(server, { target: 'Kinesis_20131202.ListStreams', body: {} })
  assert.deepEqual([plain, secure], [200, 200])
  const [first, second] = await records()
  assert.equal(first.tlsDetails, undefined)
  assert.equal(second.tlsDetails.tlsVersion, 'TLSv1.3')
  assert.match(second.tlsDetails.cipherSuite, /^TLS_[A-Z0-9_]+$/)
  assert.equal(second.tlsDetails.clientProvidedHostHeader, new URL(server.tlsUrl!).host)
  assert.equal(second.sourceIPAddress, '127.0.0.1')
  assert.equal(second.userAgent, 'test')
})

test('with a data folder the journal is in it, and a second server may not take a trail that one without has', async (t) => {
  const data = mkdtempSync(join(tmpdir(), 'millrace-data-'))
  t.after(() => rmSync(data, { recursive: true, force: true }))
  const { server, folder, records } = await started(t, { data })
  await post(server, { target: 'Kinesis_20131202.ListStreams', body: {} })
  assert.equal((await records()).length, 1)
  assert.deepEqual(readdirSync(folder).sort(), ['.millrace', 'AWSLogs'])
  const first = await startMillrace({ trail: folder })
  t.after(() => first.stop())
  await assert.rejects(startMillrace({ trail: folder }), /is the journal of process/)
})
