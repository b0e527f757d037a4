import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sha256Hex } from '@millrace/formats/sigv4'
import { ManualClock } from '@millrace/ports'
import { AwsError } from '../../core/aws-error.ts'
import {
  alice,
  credential,
  edited,
  fakeRoute,
  fixedCredentials,
  over,
  presigned,
  type SignOptions,
  session,
  sessionToken,
  signed,
  verifierFixture,
  type WireRequest,
  without,
} from './signature-fixture.ts'

const noon = Date.UTC(2026, 0, 1, 12)
const clock = new ManualClock(noon)
const { verifier } = verifierFixture({ clock })

const post: WireRequest = {
  method: 'POST',
  url: '/',
  rawHeaders: ['Host', 'localhost:4567', 'Content-Type', 'application/x-amz-json-1.1', 'X-Amz-Target', 'Fake_1.Echo'],
  body: Buffer.from('{"StreamName":"s"}'),
}
const get: WireRequest = {
  method: 'GET',
  url: '/2015-03-31/functions/f%3A1/policy?Qualifier=%24LATEST&a=1&a=0&empty',
  rawHeaders: ['Host', 'localhost:4567'],
  body: Buffer.alloc(0),
}

const sign = (request: WireRequest, options: Partial<SignOptions> = {}) => signed(request, { atMs: noon, ...options })
const presign = (request: WireRequest, options: Partial<SignOptions> = {}) =>
  presigned(request, { atMs: noon, expiresS: 60, ...options })

/** Whose signature it is, or AWS's name of what is wrong and its sentence. */
function outcome(request: WireRequest, by = verifier): string {
  try {
    return by.admit(by.prove(request, request.body), fakeRoute).caller.accessKeyId
  } catch (error) {
    assert.ok(error instanceof AwsError, String(error))
    return `${error.code}: ${error.message}`
  }
}

const mismatch =
  'InvalidSignatureException: The request signature we calculated does not match the signature you provided. Check your ' +
  'AWS Secret Access Key and signing method. Consult the service documentation for details.'
const unknown = 'UnrecognizedClientException: The security token included in the request is invalid.'
const missing = 'MissingAuthenticationTokenException: Missing Authentication Token'

test('a signature in the header or in the query proves whose key it is, and whose that is', () => {
  for (const request of [sign(post), sign(get), presign(post), presign(get), presign(get, { expiresS: 604_800 })])
    assert.equal(outcome(request), alice.accessKeyId)
  const { caller, principal } = verifier.admit(verifier.prove(sign(post), post.body), fakeRoute)
  assert.deepEqual(caller, {
    accountId: '000000000000',
    accessKeyId: alice.accessKeyId,
    identity: alice.principal.identity,
  })
  assert.equal(principal, alice.principal)
})

test('who signs nowhere, in two places or by another algorithm is told so in the words of AWS', () => {
  const both = "query-string param and 'Authorization' as HTTP header."
  const other = (from: string, to: string) =>
    outcome(edited(sign(post), 'authorization', (text) => text.replace(from, to)))
  assert.equal(outcome(post), missing)
  assert.equal(outcome({ ...post, rawHeaders: [...post.rawHeaders, 'Authorization', 'Bearer abc'] }), missing)
  assert.equal(outcome({ ...post, url: '/?x-amz-algorithm=AWS4-HMAC-SHA256' }), missing)
  for (const name of ['X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Signature', 'X-Amz-Security-Token'])
    assert.equal(
      outcome(sign({ ...post, url: `/?${name}=a` })),
      `InvalidSignatureException: Found both '${name}' as a ${both}`,
    )
  assert.equal(
    other('AWS4-HMAC-SHA256', 'AWS4-ECDSA-P256-SHA256'),
    "IncompleteSignatureException: Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256' (only AWS4-HMAC-SHA256 for now). ",
  )
})

test('each part of the header must be there, once', () => {
  const edit = (change: (text: string) => string) => edited(sign(post), 'authorization', change)
  const required = (name: string) => `Authorization header requires '${name}' parameter. `
  const noDate = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
  const bare = without(
    edit(() => 'AWS4-HMAC-SHA256 '),
    'x-amz-date',
  )
  assert.equal(
    outcome(bare),
    `IncompleteSignatureException: ${required('Credential')}${required('Signature')}${required('SignedHeaders')}${noDate}Authorization=AWS4-HMAC-SHA256 `,
  )
  for (const name of ['Credential', 'SignedHeaders', 'Signature']) {
    const request = edit((text) => text.replace(new RegExp(`,? ?${name}=[^,]*`), ''))
    const [, authorization] = request.rawHeaders.slice(-2)
    assert.equal(outcome(request), `IncompleteSignatureException: ${required(name)}Authorization=${authorization}`)
    const twice = edit((text) => `${text}, ${name}=a`)
    assert.match(outcome(twice), new RegExp(`^IncompleteSignatureException: '${name}=a' not a valid key=value pair`))
  }
  const pairless = edit(() => 'AWS4-HMAC-SHA256 Signature=b,    Credential,    SignedHeaders')
  assert.equal(
    outcome(pairless),
    "IncompleteSignatureException: 'Credential' not a valid key=value pair (missing equal-sign) in Authorization header: " +
      "'AWS4-HMAC-SHA256 Signature=b,    Credential,    SignedHeaders'.",
  )
  assert.equal(outcome(edit((text) => text.replaceAll(', ', ','))), alice.accessKeyId)
  assert.equal(outcome(edit((text) => text.replaceAll(', ', ' ,\t'))), alice.accessKeyId)
  assert.equal(outcome(edit((text) => `  ${text}, Other=1`)), alice.accessKeyId)
})

test('each part of a presigned query must be there, once', () => {
  const must = (name: string) => `AWS query-string parameters must include '${name}'. `
  const names = ['X-Amz-Credential', 'X-Amz-Signature', 'X-Amz-SignedHeaders', 'X-Amz-Date']
  assert.equal(
    outcome({ ...get, url: '/?X-Amz-Algorithm=AWS4-HMAC-SHA256' }),
    `IncompleteSignatureException: ${names.map(must).join('')}Re-examine the query-string parameters.`,
  )
  const { url } = presign(get)
  for (const name of ['X-Amz-Algorithm', ...names, 'X-Amz-Expires']) {
    const again = `${name}=${new URL(url, 'http://a').searchParams.get(name)}`
    assert.equal(outcome({ ...get, url: `${url}&${encodeURI(again)}` }), mismatch)
    const gone = outcome({ ...get, url: url.replace(new RegExp(`&${name}=[^&]*`), '') })
    if (name === 'X-Amz-Algorithm') assert.equal(gone, missing)
    else if (name === 'X-Amz-Expires') assert.equal(gone, mismatch)
    else assert.equal(gone, `IncompleteSignatureException: ${must(name)}Re-examine the query-string parameters.`)
  }
})

test('a signature is good for five minutes to either side of the clock', () => {
  const at = (seconds: number) => outcome(sign(post, { atMs: noon + seconds * 1000 }))
  for (const seconds of [-300, -299, 0, 299, 300]) assert.equal(at(seconds), alice.accessKeyId, `${seconds} s`)
  assert.equal(
    at(-301),
    'InvalidSignatureException: Signature expired: 20260101T115459Z is now earlier than 20260101T115500Z (20260101T120000Z - 5 min.)',
  )
  assert.equal(
    at(301),
    'InvalidSignatureException: Signature not yet current: 20260101T120501Z is still later than 20260101T120500Z (20260101T120000Z + 5 min.)',
  )
})

test('a presigned URL is good as long as it says, up to a week, and not before its time', () => {
  const after = (seconds: number, expiresS?: number | undefined) =>
    outcome(presigned(get, { atMs: noon - seconds * 1000, ...(expiresS !== undefined && { expiresS }) }))
  assert.equal(after(60, 60), alice.accessKeyId)
  assert.match(
    after(61, 60),
    /Signature expired: 20260101T115859Z is now earlier than 20260101T115900Z \(20260101T120000Z - 1 min.\)/,
  )
  assert.match(after(11, 10), /- 10 sec.\)$/)
  assert.match(after(-301, 60), /Signature not yet current/)
  assert.equal(after(300), alice.accessKeyId)
  assert.match(after(301), /Signature expired/)
  const day = 86_400
  assert.equal(after(day - 1, 7 * day), alice.accessKeyId, 'its day is the day when it was signed')
  assert.equal(after(7 * day, 7 * day), alice.accessKeyId)
  assert.match(after(7 * day + 1, 7 * day), /Signature expired/)
  const expires = (text: string) => outcome({ ...get, url: presign(get).url.replace('Expires=60', `Expires=${text}`) })
  assert.equal(expires('-1'), 'IncompleteSignatureException: X-Amz-Expires must be non-negative')
  assert.equal(expires('1e3'), 'IncompleteSignatureException: X-Amz-Expires should be a number')
  for (const text of ['0', '604801', '9'.repeat(400), '060'])
    assert.match(expires(text), /X-Amz-Expires must be less than a week/)
})

test('X-Amz-Date is preferred to Date, which may be as ISO or HTTP write it', () => {
  const dated = (date: string, atMs = noon) => {
    const request = without(
      sign({ ...post, rawHeaders: [...post.rawHeaders, 'Date', date] }, { atMs, unsigned: ['x-amz-date'] }),
      'x-amz-date',
    )
    return outcome(request)
  }
  assert.equal(dated('Thu, 01 Jan 2026 12:00:00 GMT'), alice.accessKeyId)
  assert.equal(dated('20260101T120000Z'), alice.accessKeyId)
  assert.match(dated('Thu, 01 Jan 2026 11:00:00 GMT', noon - 3_600_000), /Signature expired: 20260101T110000Z/)
  for (const text of ['Fri, 01 Jan 2026 12:00:00 GMT', '2026-01-01T12:00:00Z', '20260132T120000Z', 'now'])
    assert.equal(
      dated(text),
      `IncompleteSignatureException: Date must be in ISO-8601 'basic format'. Got '${text}'. See http://en.wikipedia.org/wiki/ISO_8601`,
    )
  const both = sign({ ...post, rawHeaders: [...post.rawHeaders, 'Date', 'Thu, 01 Jan 1970 00:00:00 GMT'] })
  assert.equal(outcome(both), alice.accessKeyId)
  assert.match(outcome(edited(sign(post), 'x-amz-date', () => 'Thu, 01 Jan 2026 12:00:00 GMT')), /Date must be in/)
})

test('the scope must be that of this day, region and service', () => {
  const scope = 'InvalidSignatureException: Credential should be scoped'
  assert.equal(outcome(sign(post, { region: 'eu-west-1' })), `${scope} to a valid region, not 'eu-west-1'. `)
  assert.equal(outcome(sign(post, { service: 'kinesis' })), `${scope} to correct service: 'fake'. `)
  assert.equal(outcome(sign(post, { service: 'other' })), `${scope} to correct service: 'fake'. `)
  const edit = (from: string, to: string) =>
    outcome(edited(sign(post), 'authorization', (text) => text.replace(from, to)))
  assert.equal(
    edit('20260101/us-east-1/fake/aws4_request', '20260102/c/d/e'),
    `${scope} to a valid region, not 'c'. Credential should be scoped to correct service: 'fake'. ` +
      "Credential should be scoped with a valid terminator: 'aws4_request', not 'e'. " +
      "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20260102' != '20260101', from '20260101T120000Z'.",
  )
  for (const credential of ['a/b/c/d', `${alice.accessKeyId}`, 'a/b/20260101/us-east-1/fake/aws4_request'])
    assert.equal(
      edit(`${alice.accessKeyId}/20260101/us-east-1/fake/aws4_request`, credential),
      `IncompleteSignatureException: Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${credential}'`,
    )
})

test('the host, the content type and every x-amz header that is there must be signed', () => {
  const unsigned = (name: string, request = post) => outcome(sign(request, { unsigned: [name] }))
  const must = (name: string) =>
    `InvalidSignatureException: '${name}' must be a 'SignedHeader' in the AWS Authorization.`
  assert.equal(unsigned('host'), must("Host' or ':authority"))
  assert.equal(
    unsigned('content-type', { ...post, rawHeaders: post.rawHeaders.with(3, 'application/x-amz-cbor-1.1') }),
    must('Content-Type'),
  )
  assert.equal(unsigned('x-amz-target'), must('x-amz-target'))
  assert.equal(unsigned('x-amz-date'), must('x-amz-date'))
  const extra = sign(post)
  for (const name of ['X-Amz-Anything', 'x-amz-content-sha256', 'X-AMZ-SECURITY-TOKEN'])
    assert.equal(outcome({ ...extra, rawHeaders: [...extra.rawHeaders, name, 'a'] }), must(name.toLowerCase()))
  for (const name of ['User-Agent', 'X-Amzn-Trace-Id', 'Connection', 'X-Forwarded-For'])
    assert.equal(outcome({ ...extra, rawHeaders: [...extra.rawHeaders, name, 'a'] }), alice.accessKeyId)
})

test('a content type is taken unsigned, as the SDK for PHP leaves it, where all else tells it', () => {
  const typed = (type: string, url = '/', target = true) => {
    const rawHeaders = ['Host', 'localhost', 'Content-Type', type, ...(target ? ['X-Amz-Target', 'Fake_1.Echo'] : [])]
    return outcome(sign({ ...post, url, rawHeaders }, { unsigned: ['content-type'] }))
  }
  assert.equal(typed('application/x-amz-json-1.1'), alice.accessKeyId)
  assert.equal(typed('application/x-amz-json-1.0; charset=utf-8'), alice.accessKeyId)
  assert.equal(typed('application/x-www-form-urlencoded', '/', false), alice.accessKeyId)
  assert.equal(typed('application/json', '/2015-03-31/functions/f/invocations', false), alice.accessKeyId)
  for (const refused of [
    typed('application/x-amz-cbor-1.1'),
    typed('application/x-www-form-urlencoded'),
    typed('application/x-www-form-urlencoded', '/2015-03-31/functions/f/invocations', false),
    typed('application/json', '/', false),
    typed('application/cbor', '/service/a/operation/b', false),
  ])
    assert.match(refused, /'Content-Type' must be a 'SignedHeader'/)
})

test('the list of signed headers must be as signers write it', () => {
  const list = (change: (names: string[]) => string[]) =>
    outcome(
      edited(sign(post), 'authorization', (text) =>
        text.replace(
          /SignedHeaders=([^,]*)/,
          (_, names: string) => `SignedHeaders=${change(names.split(';')).join(';')}`,
        ),
      ),
    )
  assert.equal(
    list((names) => names),
    alice.accessKeyId,
  )
  assert.equal(
    list((names) => names.toReversed()),
    mismatch,
  )
  assert.equal(
    list((names) => [...names, ...names.slice(-1)]),
    mismatch,
  )
  assert.equal(
    list((names) => [...names, 'x-not-there']),
    mismatch,
  )
  assert.equal(
    list((names) => [...names, '']),
    mismatch,
  )
  assert.match(
    list((names) => names.map((name) => name.toUpperCase())),
    /must be a 'SignedHeader'/,
  )
})

test('a session has its token with each request, and other keys have none', () => {
  const token = { key: session, securityToken: sessionToken }
  assert.equal(outcome(sign(post, token)), session.accessKeyId)
  assert.equal(outcome(presign(get, token)), session.accessKeyId)
  const inHeader = { ...get, rawHeaders: [...get.rawHeaders, 'X-Amz-Security-Token', sessionToken] }
  assert.equal(outcome(presign(inHeader, { key: session })), session.accessKeyId)
  assert.equal(outcome(presign(inHeader, token)), mismatch, 'in two places')
  assert.equal(outcome(sign(post, { key: session })), unknown)
  assert.equal(outcome(sign(post, { key: session, securityToken: `${sessionToken}x` })), unknown)
  assert.equal(outcome(sign(post, { key: session, securityToken: '' })), unknown)
  assert.equal(outcome(sign(post, { securityToken: sessionToken })), unknown)
  const expiredToken = 'ExpiredTokenException: The security token included in the request is expired'
  assert.equal(outcome(sign(post, { key: over, securityToken: sessionToken })), expiredToken)
  const { url } = presign(get, { key: session })
  assert.equal(outcome({ ...get, url: `${url}&X-Amz-Security-Token=${encodeURIComponent(sessionToken)}` }), mismatch)
})

test('the body that came is the one that was signed, whatever is said of it', () => {
  const body = Buffer.from('{"StreamName":"t"}')
  assert.equal(outcome({ ...sign(post), body }), mismatch)
  assert.equal(outcome({ ...presign(post), body }), mismatch)
  const saying = (text: string, payloadHash?: string) =>
    outcome(
      sign(
        { ...post, rawHeaders: [...post.rawHeaders, 'X-Amz-Content-Sha256', text] },
        payloadHash === undefined ? {} : { payloadHash },
      ),
    )
  assert.equal(saying(sha256Hex(post.body)), alice.accessKeyId)
  assert.equal(saying(sha256Hex(body)), mismatch)
  assert.equal(saying(sha256Hex(body), sha256Hex(body)), mismatch)
  assert.equal(saying(sha256Hex(post.body).toUpperCase()), mismatch)
  for (const text of [
    'UNSIGNED-PAYLOAD',
    'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    'STREAMING-AWS4-HMAC-SHA256-EVENTS',
    'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    'required',
    '',
  ]) {
    assert.equal(saying(text), mismatch, text)
    assert.equal(saying(text, text), mismatch, text)
  }
  const presignedS3 = { ...get, url: `${get.url}&X-Amz-Content-Sha256=UNSIGNED-PAYLOAD` }
  assert.equal(outcome(presign(presignedS3, { payloadHash: 'UNSIGNED-PAYLOAD' })), mismatch)
})

test('of a body that is streamed, its two known clients are taken and no others', () => {
  const put = {
    ...post,
    url: '/putMedia',
    rawHeaders: ['Host', 'localhost', 'x-amzn-stream-name', 's'],
    body: Buffer.alloc(0),
  }
  const streamed = (request: WireRequest) => verifier.prove(request, 'streamed').credential?.accessKeyId
  const saying = (request: WireRequest, text: string) => ({
    ...request,
    rawHeaders: [...request.rawHeaders, 'X-Amz-Content-Sha256', text],
  })
  assert.equal(streamed(sign(put)), alice.accessKeyId, "C's: the hash of nothing")
  const java = sign(put, { payloadHash: 'UNSIGNED-PAYLOAD' })
  assert.equal(streamed(saying(java, 'UNSIGNED-PAYLOAD')), alice.accessKeyId, "Java's: said, but not signed")
  assert.equal(streamed(java), undefined)
  assert.equal(streamed(saying(sign(put), 'UNSIGNED-PAYLOAD')), undefined)
  assert.equal(streamed(saying(sign(put), sha256Hex(''))), undefined)
  assert.equal(verifier.prove(saying(java, 'UNSIGNED-PAYLOAD'), put.body).credential, undefined, 'not of other bodies')
})

test('by HTTP/2 the authority is the host, under either name', () => {
  const pseudo = [':method', 'POST', ':path', '/', ':scheme', 'http', ':authority', 'localhost:4567']
  const rest = post.rawHeaders.slice(2)
  const asHost = sign(post)
  const rawHeaders = [...pseudo, ...asHost.rawHeaders.slice(2)]
  assert.equal(outcome({ ...asHost, rawHeaders }), alice.accessKeyId)
  const asAuthority = sign({ ...post, rawHeaders: [':authority', 'localhost:4567', ...rest] })
  assert.equal(
    outcome({ ...asAuthority, rawHeaders: [...pseudo, ...asAuthority.rawHeaders.slice(2)] }),
    alice.accessKeyId,
  )
  assert.equal(outcome({ ...asHost, rawHeaders: [...rawHeaders, 'host', 'localhost:4567'] }), alice.accessKeyId)
  assert.equal(outcome({ ...asHost, rawHeaders: [...rawHeaders, 'host', 'elsewhere'] }), mismatch)
})

test('what two readers could understand in two ways is refused', () => {
  const withUrl = (url: string) => outcome(sign({ ...get, url }))
  assert.equal(withUrl('/a/b'), alice.accessKeyId)
  assert.equal(withUrl('/a/.b/c../'), alice.accessKeyId)
  for (const url of [
    'http://localhost:4567/',
    '*',
    '/a//b',
    '/a/./b',
    '/a/../b',
    '/a/..',
    '/%2e%2E/b',
    '/a/.',
    '//',
    '/a#b',
    '/a?b#c',
    '/á',
    '/a b',
  ])
    assert.equal(withUrl(url), mismatch, url)
  assert.equal(outcome({ ...sign(get), url: '/?a=%zz' }), mismatch)
  for (const name of ['Host', 'authorization', 'x-amz-date', 'X-Amz-Target', 'content-type']) {
    const request = sign(post)
    const value =
      request.rawHeaders[request.rawHeaders.findIndex((text) => text.toLowerCase() === name.toLowerCase()) + 1]!
    assert.equal(outcome({ ...request, rawHeaders: [...request.rawHeaders, name, value] }), mismatch, name)
  }
})

test('a query is signed as it is read: a plus is a space, and order does not matter', () => {
  const { url } = presign({ ...get, url: '/?b=x%20y&a=%2B&a=1' })
  assert.equal(outcome({ ...get, url: url.replace('b=x%20y&a=%2B', 'a=%2b&b=x+y') }), alice.accessKeyId)
  assert.equal(outcome({ ...get, url: url.replace('a=%2B', 'a=+') }), mismatch)
  assert.equal(outcome({ ...get, url: url.replace('a=1', 'a=2') }), mismatch)
  assert.equal(outcome({ ...get, url: url.replace('&a=1', '') }), mismatch)
})

test('an unknown key is told like a wrong one, and costs as much', () => {
  const { verifier, hmacs } = verifierFixture({ clock })
  const known = credential(alice.accessKeyId, 'wrong')
  const nobody = credential('AKIDNOBODYNOBODYNOBO', 'wrong')
  assert.equal(outcome(sign(post, { key: known }), verifier), mismatch)
  assert.equal(outcome(sign(post, { key: nobody }), verifier), unknown)
  const work = (key: typeof known, body = post.body) => hmacs(() => outcome(sign({ ...post, body }, { key }), verifier))
  assert.deepEqual(work(known), work(nobody), 'the second time')
  const others = verifierFixture({ clock })
  const first = (key: typeof known) => others.hmacs(() => outcome(sign(post, { key }), others.verifier))
  assert.deepEqual(first(known), first(nobody), 'the first time')
})

test('keys that nobody has push none of the others out, and are not kept without end', () => {
  const { verifier } = verifierFixture({ clock })
  assert.equal(outcome(sign(post), verifier), alice.accessKeyId)
  for (let i = 0; i < 5000; i++) {
    const request = edited(sign(post), 'authorization', (text) => text.replace(alice.accessKeyId, `AKID${i}`))
    assert.equal(outcome(request, verifier), unknown)
  }
  assert.deepEqual(verifier.keptKeys, { known: 1, unknown: 4096 })
})

test('a key signs only by the secret that it has now', () => {
  let now = credential(alice.accessKeyId, 'first')
  const { verifier } = verifierFixture({ clock, credentials: { find: () => now } })
  const first = sign(post, { key: now })
  assert.equal(outcome(first, verifier), alice.accessKeyId)
  now = credential(alice.accessKeyId, 'second')
  assert.equal(outcome(first, verifier), mismatch)
  assert.equal(outcome(sign(post, { key: now }), verifier), alice.accessKeyId)
})

test('what should have been signed stands in the log for debugging, without tokens and secrets', () => {
  const { verifier, logged } = verifierFixture({ clock })
  outcome({ ...sign(post, { key: session, securityToken: sessionToken }), body: Buffer.from('other') }, verifier)
  outcome({ ...presign(get, { key: session, securityToken: sessionToken }), method: 'POST' }, verifier)
  assert.equal(logged.length, 2)
  assert.match(logged[0]!, /x-amz-target:Fake_1.Echo/)
  for (const line of logged) {
    assert.match(line, /^debug a signature does not match/)
    for (const secret of [session.secret, sessionToken, encodeURIComponent(sessionToken)])
      assert.ok(!line.includes(secret), line)
  }
})

test('nobody is let in by credentials that know nobody', () => {
  const { verifier } = verifierFixture({ clock, credentials: { find: () => undefined } })
  for (const request of [sign(post), presign(get), sign(post, { key: credential('', '') })])
    assert.equal(outcome(request, verifier), unknown)
  assert.equal(
    outcome(sign(post), verifierFixture({ clock, credentials: fixedCredentials }).verifier),
    alice.accessKeyId,
  )
})
