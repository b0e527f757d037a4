import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { ManualClock } from '@millrace/ports'
import { SignatureV4 } from '@smithy/signature-v4'
import { chance } from './mutations-fixture.ts'
import { alice, fakeRoute, session, sessionToken, verifierFixture, type WireRequest } from './signature-fixture.ts'

/*
 * Two signers that have nothing to do with each other, nor with ours: the one of AWS's SDK for JavaScript, and aws4. What they
 * sign is taken, whatever odd characters are in it; what is changed by one byte is not.
 */

const noon = Date.UTC(2026, 0, 1, 12)
const { verifier } = verifierFixture({ clock: new ManualClock(noon) })
const rounds = 300

type Asked = { method: string; path: string; query: [string, string][]; headers: Record<string, string>; body: string }

const odd = [
  'a',
  'Z',
  '0',
  '-',
  '.',
  '_',
  '~',
  ' ',
  '/',
  '+',
  '&',
  '=',
  '%',
  ':',
  '@',
  '$',
  '!',
  "'",
  '(',
  ')',
  '*',
  ',',
  ';',
  'é',
  '雪',
  '😀',
  '"',
  '\\',
  '?',
  '#',
]

function asked(dice: (bound: number) => number): Asked {
  const text = (most: number, from = odd) =>
    Array.from({ length: dice(most + 1) }, () => from[dice(from.length)]).join('')
  const segments = Array.from({ length: dice(4) }, () => encodeURIComponent(`x${text(6)}`))
  const names = new Set(Array.from({ length: dice(4) }, () => `q${text(3)}`))
  const method = ['GET', 'POST', 'PUT', 'DELETE'][dice(4)]!
  return {
    method,
    path: `/${segments.join('/')}`,
    query: [...names].map((name) => [name, text(8)]),
    headers: {
      host: 'localhost:4567',
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'Fake_1.Echo',
      'x-amz-thing': `  ${text(5, ['a', 'b', ' ', '  ', '"'])}c `,
      'my-header': text(5, ['a', 'b', ' ', ',']),
    },
    body: method === 'GET' ? '' : text(40),
  }
}

/** Encoded as SDKs write it on the wire. */
const encoded = (query: Iterable<readonly [string, string]>) =>
  [...query].map(([name, value]) => `${rfc3986(name)}=${rfc3986(value)}`).join('&')

const rfc3986 = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)

const wire = (method: string, url: string, headers: Record<string, string | number>, body: string): WireRequest => ({
  method,
  url,
  rawHeaders: Object.entries(headers).flatMap(([name, value]) => [name, String(value)]),
  body: Buffer.from(body),
})

/** @param token signs as the session in place of the user */
async function bySmithy(
  { method, path, query, headers, body }: Asked,
  token: boolean,
  presign: boolean,
): Promise<WireRequest> {
  const key = token ? session : alice
  const signer = new SignatureV4({
    service: 'fake',
    region: 'us-east-1',
    sha256: Sha256,
    credentials: { accessKeyId: key.accessKeyId, secretAccessKey: key.secret, ...(token && { sessionToken }) },
  })
  const request = {
    method,
    path,
    headers,
    body,
    query: Object.fromEntries(query),
    protocol: 'http:',
    hostname: 'localhost',
    port: 4567,
  }
  const signingDate = new Date(noon)
  const signed = presign
    ? await signer.presign(request, { signingDate, expiresIn: 60, unhoistableHeaders: new Set(Object.keys(headers)) })
    : await signer.sign(request, { signingDate })
  const all = encoded(Object.entries(signed.query ?? {}) as [string, string][])
  return wire(method, all === '' ? path : `${path}?${all}`, signed.headers, body)
}

const aws4: { sign(request: object, credentials: object): { headers: Record<string, string>; path: string } } =
  createRequire(import.meta.url)('aws4')

function byAws4({ method, path, query, headers, body }: Asked, token: boolean, presign: boolean): WireRequest {
  const key = token ? session : alice
  const { host, ...others } = headers
  const request = {
    ...{ service: 'fake', region: 'us-east-1', method, host, body, signQuery: presign },
    path: query.length === 0 ? path : `${path}?${encoded(query)}`,
    headers: { Host: host, ...others, ...(!presign && { 'X-Amz-Date': '20260101T120000Z' }) },
  }
  if (presign) request.path += `${request.path.includes('?') ? '&' : '?'}X-Amz-Date=20260101T120000Z`
  const signed = aws4.sign(request, {
    ...{ accessKeyId: key.accessKeyId, secretAccessKey: key.secret },
    ...(token && { sessionToken }),
  })
  return wire(method, signed.path, signed.headers, body)
}

const whose = (request: WireRequest) => verifier.prove(request, request.body).credential?.accessKeyId

for (const [name, sign] of Object.entries({ '@smithy/signature-v4': bySmithy, aws4: byAws4 }))
  for (const presign of [false, true])
    test(`${rounds} requests of every kind that ${name} signs in the ${presign ? 'query' : 'header'} are taken`, async () => {
      const dice = chance(presign ? 7 : 8)
      for (let round = 0; round < rounds; round++) {
        const request = asked(dice)
        const token = dice(2) === 0
        const signed = await sign(request, token, presign)
        const told = JSON.stringify(signed)
        assert.equal(whose(signed), (token ? session : alice).accessKeyId, told)
        assert.equal(verifier.admit(verifier.prove(signed, signed.body), fakeRoute).caller.accountId, '000000000000')
        assert.equal(whose({ ...signed, body: Buffer.concat([signed.body, Buffer.from(' ')]) }), undefined, told)
        assert.equal(whose({ ...signed, method: 'PATCH' }), undefined, told)
      }
    })

/** Node's hash in the form that the signer asks for. */
class Sha256 {
  readonly #hash
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret))
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data))
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }
  reset(): void {}
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === 'string') return Buffer.from(data)
  return ArrayBuffer.isView(data) ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : Buffer.from(data)
}
