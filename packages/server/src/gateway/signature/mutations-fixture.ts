import { credential, presigned, session, sessionToken, signed, type WireRequest } from './signature-fixture.ts'

/* Requests that are signed, and everything that somebody between might do to them. */

/** Of every kind that clients send, signed at `atMs`. */
export function signedRequests(atMs: number): WireRequest[] {
  const json = ['Host', 'localhost:4567', 'Content-Type', 'application/x-amz-json-1.1', 'X-Amz-Target', 'Fake_1.Echo']
  const cbor = json.with(3, 'application/x-amz-cbor-1.1')
  const post = { method: 'POST', url: '/', rawHeaders: json, body: Buffer.from('{"StreamName":"s","Data":"aGVsbG8="}') }
  const get = {
    method: 'GET',
    url: '/2015-03-31/functions/arn%3Aaws%3Alambda/policy?Qualifier=%24LATEST&MaxItems=10&Marker=a%2Bb%20c',
    rawHeaders: ['Host', 'localhost:4567'],
    body: Buffer.alloc(0),
  }
  const h2 = [':method', 'POST', ':path', '/', ':scheme', 'http', ':authority', 'localhost:4567', ...json.slice(2)]
  const ofSession = { atMs, key: session, securityToken: sessionToken }
  const byHttp2 = signed({ ...post, rawHeaders: h2 }, { atMs, unsigned: [':method', ':path', ':scheme'] })
  const form = {
    ...get,
    method: 'POST',
    url: '/',
    rawHeaders: ['Host', 'a', 'Content-Type', 'application/x-www-form-urlencoded'],
  }
  return [
    signed(post, { atMs }),
    signed(
      { ...post, rawHeaders: [...cbor, 'X-Amz-Client-Context', 'abc'], body: Buffer.from([0xa1, 0x61, 0x61, 1]) },
      { atMs },
    ),
    signed({ ...form, body: Buffer.from('Action=ListMetrics&Version=2010-08-01') }, { atMs }),
    signed(get, { atMs }),
    signed(post, ofSession),
    byHttp2,
    presigned(get, { atMs, expiresS: 3600 }),
    presigned(post, { atMs, expiresS: 900 }),
    presigned(get, { ...ofSession, expiresS: 900 }),
  ]
}

/** Numbers from 0 up to a bound, the same for the same seed (Mulberry32). */
export function chance(seed: number): (bound: number) => number {
  let state = seed
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound)
  }
}

type Dice = (bound: number) => number
type Mutation = (request: WireRequest, dice: Dice) => WireRequest

const pick = <T>(from: readonly T[], dice: Dice): T => from[dice(from.length)]!
const characters = 'abcXYZ0189/=;,:.%+&- ~"\\\u0000\u00e9'

/** Another character, one more or one less. */
function altered(text: string, dice: Dice): string {
  const at = dice(text.length + 1)
  const character = characters[dice(characters.length)]!
  const kind = dice(4)
  if (kind === 0) return text.slice(0, at) + character + text.slice(at)
  if (kind === 1) return text.slice(0, at) + text.slice(at + 1)
  if (kind === 2) return text.slice(0, at)
  return text.slice(0, at) + character + text.slice(at + 1)
}

const place = (request: WireRequest, name: string): number =>
  request.rawHeaders.findIndex((text, i) => i % 2 === 0 && text.toLowerCase() === name)

function withHeader(request: WireRequest, name: string, change: (value: string) => string): WireRequest {
  const at = place(request, name)
  return at < 0
    ? request
    : { ...request, rawHeaders: request.rawHeaders.with(at + 1, change(request.rawHeaders[at + 1]!)) }
}

/** Changes what is said of the signature, wherever it is said. */
const inClaim =
  (inHeader: RegExp, inQuery: RegExp, change: (value: string, dice: Dice) => string): Mutation =>
  (request, dice) =>
    place(request, 'authorization') >= 0
      ? withHeader(request, 'authorization', (text) => text.replace(inHeader, (value) => change(value, dice)))
      : { ...request, url: request.url.replace(inQuery, (value) => change(value, dice)) }

const inCredential = (from: RegExp, to: readonly string[]): Mutation =>
  inClaim(/Credential=[^,]*/, /X-Amz-Credential=[^&]*/, (text, dice) => text.replace(from, () => pick(to, dice)))

const other = credential('ASIAOTHEROTHEROTHER1', 'other')

export const mutations: Readonly<Record<string, Mutation>> = {
  method: (request, dice) => ({ ...request, method: pick(['GET', 'PUT', 'POST', 'DELETE', 'post', 'PATCH'], dice) }),
  'a character of the path': (request, dice) => {
    const [path = '', query] = request.url.split('?', 2)
    return { ...request, url: altered(path, dice) + (query === undefined ? '' : `?${query}`) }
  },
  'the form of the path': (request, dice) => {
    const [path = '', query] = request.url.split('?', 2)
    const made = pick(
      [
        `${path}/`,
        `/x/..${path}`,
        `/.${path}`,
        `/${path}`,
        `http://localhost:4567${path}`,
        `${path}/..`,
        encodeURI(path),
        path.toLowerCase(),
        path.replaceAll('%3A', ':'),
        `${path}#`,
        `${path};a=b`,
      ],
      dice,
    )
    return { ...request, url: query === undefined ? made : `${made}?${query}` }
  },
  'a character of the query': (request, dice) => {
    const [path, query = ''] = request.url.split('?', 2)
    return { ...request, url: `${path}?${altered(query, dice)}` }
  },
  'the parameters of the query': (request, dice) => {
    const [path, query = ''] = request.url.split('?', 2)
    const all = query.split('&')
    const one = pick(all, dice)
    const made = pick(
      [
        [...all, one],
        [...all, `${one}x`],
        [one, ...all],
        all.filter((piece) => piece !== one),
        [...all, 'Action=PutRecord'],
        [...all, 'X-Amz-Security-Token=a'],
        [...all, `${one.split('=')[0]}=`],
      ],
      dice,
    )
    return { ...request, url: `${path}?${made.join('&')}` }
  },
  'the value of a header': (request, dice) => {
    if (request.rawHeaders.length === 0) return request
    const at = 2 * dice(request.rawHeaders.length / 2)
    return { ...request, rawHeaders: request.rawHeaders.with(at + 1, altered(request.rawHeaders[at + 1]!, dice)) }
  },
  'the name of a header': (request, dice) => {
    if (request.rawHeaders.length === 0) return request
    const at = 2 * dice(request.rawHeaders.length / 2)
    return { ...request, rawHeaders: request.rawHeaders.with(at, altered(request.rawHeaders[at]!, dice) || 'x') }
  },
  'a header less': (request, dice) => ({
    ...request,
    rawHeaders: request.rawHeaders.toSpliced(2 * dice(request.rawHeaders.length / 2), 2),
  }),
  'a header twice': (request, dice) => {
    if (request.rawHeaders.length === 0) return request
    const at = 2 * dice(request.rawHeaders.length / 2)
    const [name, value] = request.rawHeaders.slice(at, at + 2) as [string, string]
    const again = [name.toUpperCase(), pick([value, altered(value, dice), ''], dice)]
    return { ...request, rawHeaders: dice(2) ? [...request.rawHeaders, ...again] : [...again, ...request.rawHeaders] }
  },
  'an x-amz header more': (request, dice) => {
    const name = pick(
      ['x-amz-content-sha256', 'X-Amz-Security-Token', 'x-amz-target', 'x-amz-date', 'X-Amz-Acl', 'X-AMZ-USER-AGENT'],
      dice,
    )
    const value = pick(['UNSIGNED-PAYLOAD', 'a', '', 'Fake_1.Batch', '20260101T120000Z'], dice)
    return { ...request, rawHeaders: [...request.rawHeaders, name, value] }
  },
  'another host': (request, dice) => ({
    ...request,
    rawHeaders: [
      ...request.rawHeaders,
      pick(['Host', ':authority'], dice),
      pick(['evil.example', 'localhost:4568', ''], dice),
    ],
  }),
  'the host': (request, dice) =>
    withHeader(request, pick(['host', ':authority'], dice), (value) => altered(value, dice)),
  body: (request, dice) => {
    const { body } = request
    const at = dice(body.length)
    const flipped = Buffer.from(body)
    if (body.length > 0) flipped[at] = flipped[at]! ^ (1 << dice(8))
    return {
      ...request,
      body: pick(
        [flipped, body.subarray(0, at), Buffer.concat([body, Buffer.from([dice(256)])]), Buffer.alloc(0)],
        dice,
      ),
    }
  },
  date: (request, dice) => {
    const moved = pick(
      ['20260101T120001Z', '20260101T115959Z', '20251231T120000Z', '20270101T120000Z', '20260101T120000', ''],
      dice,
    )
    const inHeader = withHeader(request, 'x-amz-date', () => moved)
    return { ...inHeader, url: request.url.replace(/X-Amz-Date=[^&]*/, `X-Amz-Date=${moved}`) }
  },
  'how long it is good': (request, dice) => ({
    ...request,
    url: request.url.replace(
      /X-Amz-Expires=[^&]*/,
      pick(['', 'X-Amz-Expires=604800', 'X-Amz-Expires=901', 'X-Amz-Expires=0'], dice),
    ),
  }),
  key: inCredential(/=[^/%]*/, [
    '=',
    `=${session.accessKeyId}`,
    `=${other.accessKeyId}`,
    '=AKIDALICEALICEALICE',
    '=akidalicealicealice1',
  ]),
  'the day of the scope': inCredential(/2026\d{4}/, ['20260102', '20251231', '', '2026010', '20260101T120000Z']),
  'the region of the scope': inCredential(/us-east-1/, ['us-west-2', '', 'US-EAST-1', 'us-east-1 ', '*']),
  'the service of the scope': inCredential(/fake/, ['kinesis', '', 'Fake', '*', 'sts']),
  'the end of the scope': inCredential(/aws4_request/, ['aws5_request', '', 'aws4_request/', 'AWS4_REQUEST']),
  'a character of the signature': inClaim(/Signature=.*/, /X-Amz-Signature=.*/, altered),
  'the form of the signature': inClaim(/(?<=Signature=).*/, /(?<=X-Amz-Signature=).*/, (text, dice) =>
    pick(
      [
        text.toUpperCase(),
        `${text}00`,
        text.slice(0, 62),
        '',
        '0'.repeat(64),
        text.slice(0, 63),
        `0x${text}`,
        Buffer.from(text, 'hex').toString('base64'),
      ],
      dice,
    ),
  ),
  'the signed headers': inClaim(/(?<=SignedHeaders=)[^,]*/, /(?<=X-Amz-SignedHeaders=)[^&]*/, (text, dice) => {
    const names = text.split(/;|%3B/)
    const one = pick(names, dice)
    return pick(
      [
        names.filter((name) => name !== one),
        [...names, one],
        names.toReversed(),
        [...names, 'user-agent'],
        [...names, ''],
        [one],
        names.map((name) => name.toUpperCase()),
        ['host'],
      ],
      dice,
    ).join(text.includes('%') ? '%3B' : ';')
  }),
  algorithm: inClaim(/^AWS4-HMAC-SHA256/, /AWS4-HMAC-SHA256/, (_text, dice) =>
    pick(
      ['AWS4-HMAC-SHA1', 'AWS4-HMAC-SHA512', 'aws4-hmac-sha256', 'AWS4-ECDSA-P256-SHA256', 'AWS4-', 'AWS', ''],
      dice,
    ),
  ),
  'a second place': (request, dice) => {
    const name = pick(['X-Amz-Algorithm=AWS4-HMAC-SHA256', 'X-Amz-Signature=00', 'X-Amz-Credential=a'], dice)
    if (place(request, 'authorization') < 0)
      return {
        ...request,
        rawHeaders: [
          ...request.rawHeaders,
          'Authorization',
          pick(['AWS4-HMAC-SHA256 Credential=a', 'Bearer a', ''], dice),
        ],
      }
    return { ...request, url: `${request.url}${request.url.includes('?') ? '&' : '?'}${name}` }
  },
}

/**
 * What a request means to whoever reads it: two that are the same in this are one request, written in two ways. Headers that
 * are neither signed nor read by anybody are no part of it.
 */
export function meaning({ method, url, rawHeaders, body }: WireRequest): string {
  const [path, query = ''] = url.split('?', 2)
  const headers = rawHeaders.flatMap((name, i) =>
    i % 2 === 0 ? [[name.toLowerCase(), rawHeaders[i + 1]!.trim().replace(/\s+/g, ' ')]] : [],
  )
  const authorization = headers.find(([name]) => name === 'authorization')?.[1]
  const claimed = authorization
    ?.split(/[, ]+/)
    .filter((pair) => /^(AWS4|Credential=|SignedHeaders=|Signature=)/.test(pair))
  const read = headers.filter(([name]) => name !== 'authorization' && isRead.test(name!)).toSorted()
  return JSON.stringify([
    method,
    path,
    [...new URLSearchParams(query)].toSorted(),
    claimed ?? authorization,
    read,
    body.toString('hex'),
  ])
}

const isRead = /^(x-amz-.*|host|:authority|content-type|date)$/
