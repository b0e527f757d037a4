import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { systemClock } from '@millrace/ports'
import { signed } from './gateway/signature/signature-fixture.ts'
import { allow, anaKey, benKey } from './identity/identity-fixture.ts'
import { startMillrace } from './main.ts'

/* Private endpoints of the whole server, by requests that are really signed: the same caller, by this door and by that. */

type Key = { readonly id: string; readonly secret: string }
type Answer = { readonly status: number; readonly text: string }

/** By which door, and by whose key: at an address, or at a socket's path. */
function call(at: string, { id, secret }: Key, operation: string, input: object): Promise<Answer> {
  const isSocket = at.startsWith('/')
  const headers = {
    Host: isSocket ? 'localhost' : new URL(at).host,
    'Content-Type': 'application/x-amz-json-1.1',
    'X-Amz-Target': `Kinesis_20131202.${operation}`,
  }
  const request = { method: 'POST', url: '/', rawHeaders: Object.entries(headers).flat(), body: asBytes(input) }
  // biome-ignore lint/suspicious/noExplicitAny: of a key only id and secret sign
  const key = { accessKeyId: id, secret } as any
  const { rawHeaders, body } = signed(request, { key, atMs: systemClock.nowMs(), service: 'kinesis' })
  const { hostname, port } = isSocket ? { hostname: null, port: null } : new URL(at)
  const to = isSocket ? { socketPath: at } : { hostname, port }
  return new Promise((resolve, reject) => {
    const outgoing = http.request({ ...to, method: 'POST', headers: rawHeaders, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => resolve({ status: response.statusCode!, text: Buffer.concat(chunks).toString() }))
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

const asBytes = (input: object) => Buffer.from(JSON.stringify(input))

const isDenied = ({ status, text }: Answer, sentence: RegExp) => {
  assert.equal(status, 400, text)
  assert.match(text, /AccessDeniedException/)
  assert.match(text, sentence)
}

const inner = 'vpce-0123456789abcdef0'
const ofSocket = 'vpce-0fedcba9876543210'
const anybody = (Action: string, more: object = {}) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: '*', Action, Resource: '*', ...more }],
})
const statements = (...Statement: object[]) => ({ Version: '2012-10-17', Statement })
const all = { Effect: 'Allow', Action: '*', Resource: '*' }

async function opened(t: TestContext, users: object[], policies: { address?: object; socket?: object }) {
  const folder = await mkdtemp(join(tmpdir(), 'doors-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const socket = join(folder, 's')
  const file = join(folder, 'endpoints.json')
  const put = ({ address, socket: socketPolicy }: { address?: object; socket?: object }) =>
    writeFile(
      file,
      JSON.stringify([
        { name: 'inner', id: inner, address: '127.0.0.1:0', policy: address },
        { name: 'sidecar', id: ofSocket, socket, policy: socketPolicy },
      ]),
    )
  await put(policies)
  const server = await startMillrace({ identity: { users } as never, privateEndpoints: file, transitionMs: 1 })
  t.after(() => server.stop())
  return { own: server.url, private: server.endpoints.get(inner)!, socket, put }
}

test('what the policy of an endpoint does not allow is denied by that door, and by no other', async (t) => {
  const users = [
    { name: 'ana', accessKeys: [anaKey], policies: [allow('*')] },
    { name: 'ben', accessKeys: [benKey], policies: [allow('kinesis:ListStreams')] },
  ]
  const by = await opened(t, users, {
    address: anybody('kinesis:List*'),
    socket: anybody('kinesis:*', { Condition: { StringEquals: { 'aws:username': 'ben' } } }),
  })
  const limits = (at: string, key: Key) => call(at, key, 'DescribeLimits', {})
  const streams = (at: string, key: Key) => call(at, key, 'ListStreams', {})
  assert.equal((await limits(by.own, anaKey)).status, 200)
  isDenied(await limits(by.private, anaKey), /because no VPC endpoint policy allows the kinesis:DescribeLimits action/)
  assert.equal((await streams(by.private, anaKey)).status, 200)
  assert.equal((await streams(by.socket, benKey)).status, 200, 'a condition of the policy holds')
  isDenied(await streams(by.socket, anaKey), /because no VPC endpoint policy allows the kinesis:ListStreams action/)
  isDenied(await limits(by.socket, benKey), /because no identity-based policy allows/)
  assert.equal((await streams(by.own, benKey)).status, 200)
  const forged = await streams(by.socket, { ...benKey, secret: anaKey.secret })
  assert.match(forged.text, /InvalidSignatureException/, 'a socket is no reason to believe anybody')
})

test('a policy can ask for the endpoint by which a request came, and nobody can say that it was another', async (t) => {
  const notBy = (vpce: string) => ({ StringNotEquals: { 'aws:SourceVpce': vpce } })
  const users = [
    {
      name: 'ana',
      accessKeys: [anaKey],
      policies: [statements(all, { ...all, Effect: 'Deny', Condition: notBy(inner) })],
    },
    {
      name: 'ben',
      accessKeys: [benKey],
      policies: [statements({ ...all, Condition: { StringEquals: { 'aws:SourceVpce': ofSocket } } })],
    },
  ]
  const by = await opened(t, users, {})
  const said = async (key: Key) => {
    const answers = [by.own, by.private, by.socket].map((at) => call(at, key, 'ListStreams', {}))
    return (await Promise.all(answers)).map(({ status }) => status)
  }
  assert.deepEqual(await said(anaKey), [400, 200, 400])
  assert.deepEqual(await said(benKey), [400, 400, 200])
  isDenied(await call(by.own, anaKey, 'ListStreams', {}), /with an explicit deny in an identity-based policy/)
  isDenied(await call(by.own, benKey, 'ListStreams', {}), /because no identity-based policy allows/)
})

test('a stream whose own policy names an endpoint is used by that endpoint only', async (t) => {
  const users = [{ name: 'ana', accessKeys: [anaKey], policies: [allow('*')] }]
  const by = await opened(t, users, {})
  const StreamARN = 'arn:aws:kinesis:us-east-1:000000000000:stream/orders'
  await call(by.own, anaKey, 'CreateStream', { StreamName: 'orders', ShardCount: 1 })
  const summary = (at: string) => call(at, anaKey, 'DescribeStreamSummary', { StreamARN })
  while (!/ACTIVE/.test((await summary(by.own)).text)) await new Promise((resolve) => setTimeout(resolve, 5))
  const Policy = JSON.stringify(
    statements({
      Sid: 'OnlyBySocket',
      Effect: 'Deny',
      Principal: '*',
      Action: 'kinesis:DescribeStreamSummary',
      Resource: StreamARN,
      Condition: { StringNotEquals: { 'aws:SourceVpce': ofSocket } },
    }),
  )
  const put = await call(by.own, anaKey, 'PutResourcePolicy', { ResourceARN: StreamARN, Policy })
  assert.equal(put.status, 200, put.text)
  isDenied(await summary(by.own), /with an explicit deny in a resource-based policy/)
  isDenied(await summary(by.private), /with an explicit deny in a resource-based policy/)
  assert.equal((await summary(by.socket)).status, 200)
})

test('the policy of an endpoint that changes in its file is in force without a restart', async (t) => {
  const users = [{ name: 'ana', accessKeys: [anaKey], policies: [allow('*')] }]
  const by = await opened(t, users, { address: anybody('kinesis:PutRecord') })
  const streams = () => call(by.private, anaKey, 'ListStreams', {})
  isDenied(await streams(), /because no VPC endpoint policy allows/)
  await by.put({ address: anybody('kinesis:List*') })
  let status = 400
  for (let look = 0; look < 100 && status !== 200; look++) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    status = (await streams()).status
  }
  assert.equal(status, 200)
})
