import assert from 'node:assert/strict'
import type http from 'node:http'
import { test } from 'node:test'
import { crc32, gzipSync } from 'node:zlib'
import { decode, encode, Token, Type } from 'cborg'
import { AwsError } from '../core/aws-error.ts'
import { map } from '../core/map-shape.ts'
import { double, long } from '../core/number-shapes.ts'
import { HttpAnswer, type Operation, operation, type Service } from '../core/operation.ts'
import { blob, boolean, integer, list, optional, string, structure, timestamp } from '../core/shapes.ts'
import { Faults } from './faults.ts'
import { type CallOptions, call, gatewayFixture, signature } from './gateway-fixture.ts'
import { inflatedBytesMax } from './inflate.ts'

/* Several services at one endpoint, each by its own protocols. */

const signed = { authorization: signature, 'x-amz-date': '20260101T000000Z' }

// biome-ignore lint/suspicious/noExplicitAny: see Service
type AnyOperation = Operation<any, any>

const serviceOf = (declared: Omit<Service, 'operations' | 'context'>, ...all: AnyOperation[]): Service => ({
  ...declared,
  operations: new Map(all.map((each) => [each.name, each])),
  context: {},
})

const metric = structure({
  Name: string({ min: 1 }),
  Value: optional(double()),
  At: optional(timestamp()),
  Counts: optional(list(double())),
  Labels: optional(map({ min: 1 }, string())),
  High: optional(boolean()),
  Storage: optional(integer({ min: 1 })),
})

/** Answers with what it was given, so that a test sees what a protocol made of it. */
const put = operation({
  name: 'Put',
  input: structure({ Namespace: string({ min: 1 }), Data: optional(list(metric)) }),
  resource: () => undefined,
  handle: async (_context: object, input) => {
    if (input.Namespace === 'wrong') throw new AwsError('InvalidParameterValueException', 'it is <wrong>')
    return input.Namespace === 'nothing' ? undefined : input
  },
})

const metrics = serviceOf(
  {
    name: 'monitoring',
    targetPrefix: 'Metrics_1',
    jsonVersion: '1.0',
    errorPrefix: 'com.amazonaws.metrics#',
    gzip: true,
    query: {
      version: '2010-08-01',
      xmlNamespace: 'http://metrics/',
      errorCodes: new Map([['InvalidParameterValueException', 'InvalidParameterValue']]),
    },
  },
  put,
)

const table = serviceOf(
  { name: 'tables', targetPrefix: 'Tables_1', jsonVersion: '1.0', errorPrefix: 'com.amazonaws.tables#', crc32: true },
  put,
)

const invoke = operation({
  name: 'Invoke',
  input: structure({
    FunctionName: string({ max: 64 }),
    Qualifier: optional(string()),
    Tags: optional(list(string())),
    MaxItems: optional(integer({ max: 10 })),
    Kind: optional(string()),
    Payload: optional(blob()),
  }),
  resource: () => undefined,
  http: {
    method: 'POST',
    path: '/2015/functions/{FunctionName}/invocations',
    query: { Qualifier: 'qualifier', Tags: 'tag', MaxItems: 'max' },
    headers: { Kind: 'x-amz-kind' },
    payload: 'Payload',
  },
  handle: async (_context: object, { Payload, ...rest }) =>
    rest.Kind === 'bytes'
      ? new HttpAnswer(202, { 'x-amz-kind': 'echo' }, new Uint8Array(Payload ?? []))
      : { ...rest, Length: Payload?.byteLength },
})
const create = operation({
  name: 'Create',
  input: structure({ Name: string({ min: 1, max: 5 }), Size: long(), Since: optional(timestamp()) }),
  resource: () => undefined,
  http: { method: 'POST', path: '/2015/functions/', status: 201 },
  handle: async (_context: object, input) => input,
})
const remove = operation({
  name: 'Remove',
  input: structure({ FunctionName: string() }),
  resource: () => undefined,
  http: { method: 'DELETE', path: '/2015/functions/{FunctionName}', status: 204 },
  handle: async (_context: object, { FunctionName }) => {
    if (FunctionName === 'none')
      throw new AwsError('ResourceNotFoundException', 'Function not found', 404, { Type: 'User' })
    return undefined
  },
})
const functions = serviceOf({ name: 'functions', targetPrefix: 'Functions_1' }, ...[invoke, create, remove])

const fixture = (t: Parameters<typeof gatewayFixture>[0], options = {}) =>
  gatewayFixture(t, { services: [metrics, table, functions], ...options })

const form = (port: number, body: string, headers = {}) =>
  call(port, {
    headers: { ...signed, 'content-type': 'application/x-www-form-urlencoded; charset=utf-8', ...headers },
    body,
  })

const rpc = (port: number, name: string, body: Uint8Array | string, headers = {}) =>
  call(port, {
    path: `/service/Metrics_1/operation/${name}`,
    headers: { ...signed, 'smithy-protocol': 'rpc-v2-cbor', 'content-type': 'application/cbor', ...headers },
    body,
  })

const json = (port: number, target: string, body: string | Uint8Array, version = '1.0', headers = {}) =>
  call(port, {
    headers: { ...signed, 'content-type': `application/x-amz-json-${version}`, 'x-amz-target': target, ...headers },
    body,
  })

test('each service speaks JSON by its own version, and errors say where they come from', async (t) => {
  const { port } = await fixture(t)
  const good = await json(port, 'Tables_1.Put', '{"Namespace":"a"}')
  assert.deepEqual(
    [good.status, good.text, good.headers['content-type'], good.headers['x-amz-crc32']],
    [200, '{"Namespace":"a"}', 'application/x-amz-json-1.0', `${crc32('{"Namespace":"a"}')}`],
  )
  const wrong = await json(port, 'Tables_1.Put', '{"Namespace":"wrong"}')
  assert.deepEqual(JSON.parse(wrong.text).__type, 'com.amazonaws.tables#InvalidParameterValueException')
  assert.equal(wrong.headers['x-amz-crc32'], `${crc32(wrong.body)}`)
  assert.equal(wrong.headers['content-type'], 'application/x-amz-json-1.0')
  assert.equal(wrong.headers['x-amzn-query-error'], undefined)
  const type = async (target: string, body: string) => JSON.parse((await json(port, target, body)).text).__type
  assert.equal(await type('Tables_1.Put', '{}'), 'com.amazon.coral.validate#ValidationException')
  assert.equal(await type('Tables_1.Put', '{'), 'com.amazon.coral.service#SerializationException')
  assert.equal(await type('Tables_1.Nope', '{}'), 'com.amazon.coral.service#UnknownOperationException')
  assert.equal((await json(port, 'Tables_1.Put', '{}', '1.1')).status, 404)
  const known = await json(port, 'Metrics_1.Put', '{"Namespace":"wrong"}')
  assert.equal(known.headers['x-amzn-query-error'], 'InvalidParameterValue;Sender')
  assert.equal(known.headers['x-amz-crc32'], undefined)
})

test('a form is read by the shape of the input: lists, numbers, times and maps', async (t) => {
  const { port } = await fixture(t)
  const fields = {
    Action: 'Put',
    Version: '2010-08-01',
    Namespace: 'a & b',
    'Data.member.1.Name': 'n<1>',
    'Data.member.1.Value': '-1.5e3',
    'Data.member.1.At': '2026-01-01T00:00:00.25Z',
    'Data.member.1.Counts.member.1': '1',
    'Data.member.1.Counts.member.2': '2',
    'Data.member.10.Name': 'last',
    'Data.member.2.Name': 'second',
    'Data.member.2.High': 'true',
    'Data.member.2.Storage': '60',
    'Data.member.2.At': '1767225600',
    'Data.member.2.Labels.entry.1.key': '__proto__',
    'Data.member.2.Labels.entry.1.value': 'x',
  }
  const { status, text, headers } = await form(port, new URLSearchParams(fields).toString())
  assert.equal(status, 200, text)
  assert.equal(headers['content-type'], 'text/xml')
  const id = headers['x-amzn-requestid']
  assert.equal(
    text,
    '<PutResponse xmlns="http://metrics/"><PutResult><Namespace>a &amp; b</Namespace><Data>' +
      '<member><Name>n&lt;1&gt;</Name><Value>-1500</Value><At>2026-01-01T00:00:00.250Z</At>' +
      '<Counts><member>1</member><member>2</member></Counts></member>' +
      '<member><Name>second</Name><At>2026-01-01T00:00:00Z</At>' +
      '<Labels><entry><key>__proto__</key><value>x</value></entry></Labels>' +
      '<High>true</High><Storage>60</Storage></member><member><Name>last</Name></member></Data></PutResult>' +
      `<ResponseMetadata><RequestId>${id}</RequestId></ResponseMetadata></PutResponse>\n`,
  )
  const nothing = await form(port, 'Action=Put&Version=2010-08-01&Namespace=nothing&Data=')
  assert.match(nothing.text, /^<PutResponse xmlns="http:\/\/metrics\/"><ResponseMetadata>/)
  const inUrl = await call(port, {
    method: 'GET',
    path: '/?Action=Put&Version=2010-08-01&Namespace=u',
    headers: signed,
    body: '',
  })
  assert.match(inUrl.text, /<Namespace>u<\/Namespace>/)
})

test('what a form gets wrong is told in XML', async (t) => {
  const { port } = await fixture(t)
  const said = async (fields: string) => {
    const { status, text, headers } = await form(port, `Version=2010-08-01&${fields}`)
    assert.match(text, new RegExp(`<RequestId>${headers['x-amzn-requestid']}</RequestId></ErrorResponse>\n$`))
    return [status, ...(/<Type>(.*)<\/Type><Code>(.*)<\/Code><Message>(.*)<\/Message>/.exec(text) ?? []).slice(1)]
  }
  assert.deepEqual(await said('Action=Put&Namespace=wrong'), [
    400,
    'Sender',
    'InvalidParameterValue',
    'it is &lt;wrong&gt;',
  ])
  assert.deepEqual(await said('Action=Nope'), [
    400,
    'Sender',
    'InvalidAction',
    'Could not find operation Nope for version 2010-08-01',
  ])
  assert.equal((await said('Action=Put'))[2], 'ValidationError')
  assert.equal((await said('Action=Put&Namespace=a&Data.member.1.Name=n&Data.member.1.Value=x'))[2], 'MalformedInput')
  assert.equal((await said('Action=Put&Namespace=a&Data.member.1=n'))[2], 'MalformedInput')
  assert.equal((await said('Action=Put&Namespace=a&Data.a.1=n'))[2], 'MalformedInput')
  assert.equal((await said('Action=Put&Namespace=a&Namespace.b=n'))[2], 'MalformedQueryString')
  assert.equal((await said(`Action=Put&${'a.'.repeat(50_000)}b=n`))[2], 'MalformedQueryString')
  assert.equal((await form(port, 'Action=Put&Version=2010-08-01&Namespace=a&__proto__.polluted=1')).status, 200)
  assert.equal(Reflect.get({}, 'polluted'), undefined)
  const unsigned = await call(port, {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'Action=Put&Version=2010-08-01&Namespace=a',
  })
  assert.match(unsigned.text, /<Code>MissingAuthenticationToken<\/Code>/)
  assert.equal((await form(port, 'Action=Put&Version=1999-01-01')).status, 403)
  assert.equal((await form(port, 'Version=2010-08-01')).status, 403)
})

test('RPC v2 CBOR is found by its path; times are seconds in both directions', async (t) => {
  const { port } = await fixture(t)
  const at = { typeEncoders: { Date: (date: Date) => [new Token(Type.tag, 1), new Token(Type.float, +date / 1000)] } }
  const when = new Date(1_700_000_000_250)
  const input = { Namespace: 'a', Data: [{ Name: 'n', Value: 1.5, At: when, Counts: [1, 2.5] }] }
  const { status, body, headers } = await rpc(port, 'Put', encode(input, at))
  assert.equal(status, 200)
  assert.deepEqual([headers['smithy-protocol'], headers['content-type']], ['rpc-v2-cbor', 'application/cbor'])
  assert.deepEqual(decode(body, { tags: { 1: (inner: () => unknown) => new Date(Number(inner()) * 1000) } }), input)
  assert.equal((await rpc(port, 'Put', encode({ Namespace: 'nothing' }))).body.length, 0)

  const wrong = await rpc(port, 'Put', encode({ Namespace: 'wrong' }))
  assert.deepEqual(decode(wrong.body), {
    __type: 'com.amazonaws.metrics#InvalidParameterValueException',
    message: 'it is <wrong>',
  })
  assert.equal(wrong.headers['x-amzn-query-error'], 'InvalidParameterValue;Sender')
  assert.equal(wrong.headers['smithy-protocol'], 'rpc-v2-cbor')
  const type = async (name: string, bytes: Uint8Array | string) =>
    (decode((await rpc(port, name, bytes)).body) as { __type: string }).__type
  assert.match(await type('Nope', encode({})), /UnknownOperationException$/)
  assert.match(await type('Put', ''), /ValidationException$/)
  assert.match(await type('Put', Buffer.from([0xff])), /SerializationException$/)
  assert.match(await type('Put', encode({ Namespace: 7 })), /SerializationException$/)
})

test('a REST operation takes its input from path, query, headers and body', async (t) => {
  const { port } = await fixture(t)
  const rest = (method: string, path: string, body: CallOptions['body'] = '', headers = {}) =>
    call(port, { method, path, headers: { ...signed, ...headers }, body: body ?? '' })
  const path = '/2015/functions/arn%3Aaws%2Ff/invocations'
  const asked = await rest('POST', `${path}?qualifier=a%20b&tag=x&tag=y&max=3&unknown=1`, 'bytes!', {
    'x-amz-kind': 'k',
  })
  assert.deepEqual(
    [asked.status, JSON.parse(asked.text)],
    [200, { FunctionName: 'arn:aws/f', Qualifier: 'a b', Tags: ['x', 'y'], MaxItems: 3, Kind: 'k', Length: 6 }],
  )
  assert.equal(asked.headers['content-type'], 'application/json')
  assert.deepEqual(JSON.parse((await rest('POST', `${path}?tag=x`)).text).Tags, ['x'])
  const bytes = await rest('POST', path, Buffer.from([0, 255]), { 'x-amz-kind': 'bytes' })
  assert.deepEqual([bytes.status, bytes.headers['x-amz-kind'], [...bytes.body]], [202, 'echo', [0, 255]])

  const made = await rest('POST', '/2015/functions', '{"Name":"f","Size":8,"Since":1.5}')
  assert.deepEqual([made.status, JSON.parse(made.text)], [201, { Name: 'f', Size: 8, Since: 1.5 }])
  const removed = await rest('DELETE', '/2015/functions/f/')
  assert.deepEqual([removed.status, removed.text, removed.headers['content-length']], [204, '', undefined])
  const none = await rest('DELETE', '/2015/functions/none')
  assert.deepEqual(
    [none.status, none.headers['x-amzn-errortype'], JSON.parse(none.text)],
    [404, 'ResourceNotFoundException', { message: 'Function not found', Type: 'User' }],
  )
  const tooMany = await rest('POST', `${path}?max=11`)
  assert.equal(tooMany.headers['x-amzn-errortype'], 'ValidationException')
  assert.match(JSON.parse(tooMany.text).message, /'11' at 'maxItems'/)
  assert.equal((await rest('POST', `${path}?max=x`)).headers['x-amzn-errortype'], 'SerializationException')
  assert.equal((await rest('POST', '/2015/functions', '{')).headers['x-amzn-errortype'], 'SerializationException')
  for (const [method, elsewhere] of [
    ['PUT', '/2015/functions'],
    ['GET', '/2015/functions/f'],
    ['DELETE', '/2015/functions/%E0%A4%A'],
    ['DELETE', '/2015/functions/a/b'],
  ] as const)
    assert.equal((await rest(method, elsewhere)).status, 403, elsewhere)
})

test('no page of another origin may send a form, or call a REST path', async (t) => {
  const { port } = await fixture(t)
  const presigned = [
    'X-Amz-Algorithm=AWS4-HMAC-SHA256',
    'X-Amz-Credential=a',
    'X-Amz-Signature=0',
    'X-Amz-SignedHeaders=host',
    'X-Amz-Date=1',
  ].join('&')
  const fromPage = async (headers: http.OutgoingHttpHeaders) => {
    const asForm = { ...headers, 'content-type': 'application/x-www-form-urlencoded' }
    const sent = await call(port, {
      path: `/?${presigned}`,
      headers: asForm,
      body: 'Action=Put&Version=2010-08-01&Namespace=a',
    })
    const invoked = await call(port, { path: `/2015/functions/f/invocations?${presigned}`, headers, body: 'x' })
    return [sent.status, invoked.status]
  }
  for (const headers of [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: 'http://localhost:1' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ])
    assert.deepEqual(await fromPage(headers), [403, 403], JSON.stringify(headers))
  const own = { origin: `http://127.0.0.1:${port}`, 'sec-fetch-site': 'same-origin' }
  for (const headers of [{}, own, { 'sec-fetch-site': 'none' }]) assert.deepEqual(await fromPage(headers), [200, 200])
})

test('a compressed body is read where the service takes it, and a bomb is refused', async (t) => {
  const { port } = await fixture(t)
  const gzip = { 'content-encoding': 'gzip' }
  const body = gzipSync('{"Namespace":"squeezed"}')
  assert.equal((await json(port, 'Metrics_1.Put', body, '1.0', gzip)).text, '{"Namespace":"squeezed"}')
  assert.match((await form(port, gzipSync('Action=Put&Version=2010-08-01&Namespace=z') as never, gzip)).text, />z</)
  assert.equal((await rpc(port, 'Put', gzipSync(encode({ Namespace: 'c' })), gzip)).status, 200)
  assert.match((await json(port, 'Tables_1.Put', body, '1.0', gzip)).text, /SerializationException/)
  const bomb = gzipSync(Buffer.alloc(8 * inflatedBytesMax))
  assert.equal((await json(port, 'Metrics_1.Put', bomb, '1.0', gzip)).status, 413)
  for (const broken of [body.subarray(0, -9), Buffer.from('{}')])
    assert.equal((await json(port, 'Metrics_1.Put', broken, '1.0', gzip)).status, 400)
})

test('a fault rule names an operation of every service, or with a service only its own', async (t) => {
  const rule = { probability: 1, error: 'Boom' }
  const { port } = await fixture(t, {
    faults: new Faults({
      rules: [
        { ...rule, operation: 'tables.Put' },
        { ...rule, operation: 'functions.*' },
      ],
    }),
  })
  assert.match((await json(port, 'Tables_1.Put', '{"Namespace":"a"}')).text, /#Boom/)
  assert.equal((await json(port, 'Metrics_1.Put', '{"Namespace":"a"}')).status, 200)
  const removed = await call(port, { method: 'DELETE', path: '/2015/functions/f', headers: signed, body: '' })
  assert.equal(removed.headers['x-amzn-errortype'], 'Boom')
})
