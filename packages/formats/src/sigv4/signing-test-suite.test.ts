import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  amzDateText,
  canonicalPath,
  canonicalQuery,
  canonicalRequest,
  parseAmzDate,
  parseAuthorization,
  parseCredential,
  presignedQuery,
  queryParameters,
  sha256Hex,
  signatureOf,
  signingKey,
  stringToSign,
  withoutDotSegments,
} from './sigv4.ts'

/*
 * AWS's own cases (see fixtures/NOTICE), each signed in the header and in the query: here they are verified.
 */

type Signed = { request: string; canonical: string; signature: string }
type Case = { name: string; normalize: boolean; header: Signed; query: Signed }

const secret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
const cases = readFileSync(join(import.meta.dirname, 'fixtures/aws-signing-test-suite.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Case)

/**
 * Its session token came into the query after it had been signed, so that the query is another than the signed one. Nobody
 * may add anything to a signed query: it is refused, here as by the server.
 */
const addedAfterSigning = new Set(['post-sts-header-after'])

test('the suite has all of its 38 cases', () => assert.equal(cases.length, 38))

for (const { name, normalize, header, query } of cases) {
  test(`the signature in the header of ${name} verifies`, () => {
    const request = parsed(header.request)
    const [authorization] = request.headers.get('authorization')!
    const parts = parseAuthorization(authorization!)
    assert.ok(!('malformed' in parts))
    assert.equal(parts.algorithm, 'AWS4-HMAC-SHA256')
    const canonical = canonicalOf(request, parts.signedHeaders!, normalize)
    assert.equal(canonical, header.canonical)
    assert.equal(signed(canonical, request.headers.get('x-amz-date')![0]!, parts.credential!), parts.signature)
    assert.equal(parts.signature, header.signature)
  })

  test(`the signature in the query of ${name} ${addedAfterSigning.has(name) ? 'does not verify' : 'verifies'}`, () => {
    const request = parsed(query.request)
    const { values, twice } = presignedQuery(queryParameters(request.query)!)
    assert.deepEqual(twice, [])
    const canonical = canonicalOf(request, values.get('X-Amz-SignedHeaders')!, normalize, 'X-Amz-Signature')
    const computed = signed(canonical, values.get('X-Amz-Date')!, values.get('X-Amz-Credential')!)
    const sent = values.get('X-Amz-Signature')
    assert.equal(sent, query.signature)
    if (addedAfterSigning.has(name)) return assert.notEqual(computed, sent)
    assert.equal(canonical, query.canonical)
    assert.equal(computed, sent)
  })
}

type Request = { method: string; path: string; query: string; headers: Map<string, string[]>; body: string }

/** As the suite writes requests, with header lines that go on in the next. */
function parsed(text: string): Request {
  const wire = Buffer.from(text).toString('latin1')
  const end = wire.indexOf('\n\n')
  const [first = '', ...lines] = (end < 0 ? wire : wire.slice(0, end)).replace(/\n[ \t]+/g, ' ').split('\n')
  const method = first.slice(0, first.indexOf(' '))
  const uri = first.slice(method.length + 1, first.lastIndexOf(' '))
  const headers = new Map<string, string[]>()
  for (const line of lines) {
    const name = line.slice(0, line.indexOf(':')).toLowerCase()
    headers.set(name, [...(headers.get(name) ?? []), line.slice(name.length + 1)])
  }
  const [path = '', query = ''] = uri.split('?', 2)
  return { method, path, query, headers, body: end < 0 ? '' : wire.slice(end + 2) }
}

function canonicalOf(request: Request, signedHeaders: string, normalize: boolean, without?: string): string {
  const { method, path, query, headers, body } = request
  return canonicalRequest({
    method,
    path: canonicalPath(normalize ? withoutDotSegments(path) : path),
    query: canonicalQuery(queryParameters(query)!, without),
    headers: signedHeaders.split(';').map((name) => [
      name,
      headers
        .get(name)!
        .map((value) => value.trim())
        .join(','),
    ]),
    payloadHash: sha256Hex(Buffer.from(body, 'latin1')),
  })
}

function signed(canonical: string, amzDate: string, credential: string): string {
  const scope = parseCredential(credential)!
  assert.equal(scope.accessKeyId, 'AKIDEXAMPLE')
  assert.equal(amzDateText(parseAmzDate(amzDate)!), amzDate)
  return signatureOf(signingKey(secret, scope), stringToSign(amzDate, scope.text, canonical)).toString('hex')
}
