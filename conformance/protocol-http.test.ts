import assert from 'node:assert/strict'
import http2 from 'node:http2'
import { assertError, assertSerialization } from './harness/answers.ts'
import { observed, sdk, unverified } from './harness/cases.ts'
import { Kinesis } from './harness/kinesis.ts'
import { anySignature } from './harness/signature.ts'
import { notOnAws, targetKind } from './harness/target.ts'

const kinesis = new Kinesis()

const json = 'application/x-amz-json-1.1'
const target = 'Kinesis_20131202.ListStreams'
const undetermined = /Unable to determine service\/operation name to be authorized/

for (const method of ['GET', 'PUT', 'DELETE', 'PATCH'])
  observed(`${method} cannot be authorized and is 403 in XML`, async () => {
    const answer = await kinesis.http({ method, headers: { 'content-type': json, 'x-amz-target': target } })
    assert.equal(answer.status, 403)
    assert.match(answer.text, /^<AccessDeniedException>/)
    assert.match(answer.text, undetermined)
  })

observed('an unknown content type with a known target is 404 in XML', async () => {
  const headers = { 'content-type': 'text/plain', 'x-amz-target': target }
  const answer = await kinesis.http({ headers, body: '{}' })
  assert.equal(answer.status, 404)
  assert.match(answer.text, /^<UnknownOperationException\/>/)
})

observed('neither a content type nor a target that is known is 403 in XML', async () => {
  const answer = await kinesis.http({ headers: { 'content-type': 'text/plain' }, body: '{}' })
  assert.equal(answer.status, 403)
  assert.match(answer.text, undetermined)
})

for (const unknown of ['Kinesis_20131202.Nothing', 'Kinesis_20000101.ListStreams', 'Kinesis_20131202.__proto__', 'x'])
  observed(`the target ${unknown} is an unknown operation`, async () => {
    const answer = await kinesis.http({ headers: { 'content-type': json, 'x-amz-target': unknown }, body: '{}' })
    assert.equal(answer.body.__type, 'UnknownOperationException')
    assert.equal(answer.body.message, undefined)
  })

observed('every answer, errors too, has a request id and a second id of its own', async () => {
  const answers = [await kinesis.ask('ListStreams', {}), await kinesis.ask('ListStreams', { Limit: 0 })]
  for (const { headers } of answers) {
    assert.match(String(headers['x-amzn-requestid']), /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/)
    const second = Buffer.from(String(headers['x-amz-id-2']), 'base64').length
    assert.ok(second >= 64 && second <= 80, `${second} bytes`)
  }
  assert.notEqual(answers[0]!.headers['x-amzn-requestid'], answers[1]!.headers['x-amzn-requestid'])
})

observed('the length of an answer is exact', async () => {
  const { headers, bytes } = await kinesis.ask('ListStreams', {})
  assert.equal(headers['content-length'], `${bytes.length}`)
})

observed('an operation without output answers 200 with an empty body and still a content type', async (t) => {
  const { name } = await kinesis.stream(t)
  const { status, bytes, headers } = await kinesis.ask('AddTagsToStream', { StreamName: name, Tags: { a: 'b' } })
  assert.equal(`${status} ${bytes.length} ${headers['content-type']}`, `200 0 ${json}`)
})

/** Millrace believes whoever asks for now, so it lets no page of another origin in: see docs/data-streams.md. */
const letsPagesIn = targetKind !== 'local'

observed('an Origin is let in, and a preflight remembered for two days (Millrace lets none in)', async () => {
  const origin = 'https://example.com'
  const asked = await kinesis.ask('ListStreams', {}, { headers: { origin } })
  assert.equal(asked.headers['access-control-allow-origin'], letsPagesIn ? '*' : undefined)
  const headers = { origin, 'access-control-request-method': 'POST' }
  const preflight = await kinesis.http({ method: 'OPTIONS', headers, authorization: 'none' })
  assert.equal(preflight.headers['access-control-max-age'], letsPagesIn ? '172800' : undefined)
})

const withAuthorization = (authorization: string, more: Record<string, string> = {}) =>
  kinesis.ask('ListStreams', {}, { authorization: 'as given', headers: { authorization, ...more } })

observed('an Authorization without its parameters names each that is missing', async () => {
  const answer = await withAuthorization('AWS4-HMAC-SHA256 a=b')
  assertError(
    answer,
    'IncompleteSignatureException',
    "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. " +
      "Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a " +
      "'X-Amz-Date' or a 'Date' header. Authorization=AWS4-HMAC-SHA256 a=b",
  )
})

observed('an Authorization without a date is incomplete', async () => {
  assertError(await withAuthorization(anySignature), 'IncompleteSignatureException', /'X-Amz-Date' or a 'Date' header/)
})

observed('an Authorization of another scheme is no authentication at all', async () => {
  const answer = await withAuthorization('Bearer token', { 'x-amz-date': '20260101T000000Z' })
  assertError(answer, 'MissingAuthenticationTokenException', 'Missing Authentication Token')
})

observed('authentication by header and query at once is refused', async () => {
  const path = '/?X-Amz-Algorithm=AWS4-HMAC-SHA256'
  const headers = { authorization: anySignature, 'x-amz-date': '20260101T000000Z' }
  assertError(
    await kinesis.ask('ListStreams', {}, { authorization: 'as given', headers, path }),
    'InvalidSignatureException',
    "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
  )
})

observed('authentication by an incomplete query names what is missing', async () => {
  const answer = await kinesis.ask(
    'ListStreams',
    {},
    { authorization: 'none', path: '/?X-Amz-Algorithm=AWS4-HMAC-SHA256' },
  )
  assertError(answer, 'IncompleteSignatureException', /must include 'X-Amz-Credential'\. .*Re-examine the query-string/)
})

observed('an unreadable body is told before missing authentication', async () => {
  assertSerialization(await kinesis.ask('ListStreams', {}, { body: '{', authorization: 'none' }))
})

observed('an unknown operation is told before missing authentication', async () => {
  const answer = await kinesis.ask('Nothing', {}, { authorization: 'none' })
  assert.equal(answer.body.__type, 'UnknownOperationException')
})

observed('an unreadable body is told before an unknown operation', async () => {
  assertSerialization(await kinesis.ask('Nothing', {}, { body: '{' }))
})

observed('missing authentication is told before a wrong type', async () => {
  const answer = await kinesis.ask('ListStreams', { Limit: 'x' }, { authorization: 'none' })
  assertError(answer, 'MissingAuthenticationTokenException')
})

observed('a wrong type is told before a broken constraint', async () => {
  assertSerialization(await kinesis.ask('DescribeStream', { StreamName: '', Limit: [] }))
})

observed('a broken constraint is told before a stream that is not there', async () => {
  const answer = await kinesis.ask('DescribeStream', { StreamName: 'conformance-nowhere', Limit: 0 })
  assertError(answer, 'ValidationException')
})

unverified(
  'a body far above what any operation takes is 413 and not read',
  async () => {
    const answer = await kinesis
      .ask('PutRecord', {}, { body: Buffer.alloc(64 * 1024 * 1024) })
      .then(({ status }) => status)
      .catch((error: NodeJS.ErrnoException) => error.code)
    assert.ok(answer === 413 || answer === 'ECONNRESET' || answer === 'EPIPE', `${answer}`)
    assert.equal((await kinesis.ask('ListStreams', {})).status, 200)
  },
  notOnAws,
)

sdk(
  'HTTP/2 with prior knowledge is answered on the same port',
  async () => {
    const session = http2.connect(kinesis.target.url)
    try {
      const stream = session.request({
        ':method': 'POST',
        ':path': '/',
        'content-type': json,
        'x-amz-target': target,
        'x-amz-date': '20260101T000000Z',
        authorization: anySignature,
      })
      let status: number | undefined
      stream.on('response', (headers) => {
        status = headers[':status']
      })
      stream.end('{}')
      const chunks: Buffer[] = []
      for await (const chunk of stream) chunks.push(chunk)
      assert.equal(status, 200)
      assert.ok(Array.isArray(JSON.parse(Buffer.concat(chunks).toString()).StreamNames))
    } finally {
      session.close()
    }
  },
  notOnAws,
)
