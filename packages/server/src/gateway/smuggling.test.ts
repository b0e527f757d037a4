import assert from 'node:assert/strict'
import net from 'node:net'
import { test } from 'node:test'
import { gatewayFixture, signature, signedHeaders } from './gateway-fixture.ts'

/*
 * What two readers of one connection could read differently. Each case hides a second request where a confused server would
 * find it: it must never be answered, and what is ambiguous must not be answered with success at all.
 */

const crlf = (...lines: string[]) => lines.join('\r\n')
const good = Object.entries(signedHeaders('Echo')).map(([name, value]) => `${name}: ${value}`)
const hidden = crlf('POST / HTTP/1.1', 'Host: localhost', ...good, 'Content-Length: 19', '', '{"Name":"SMUGGLED"}')
const post = (lines: string[], body: string) => crlf('POST / HTTP/1.1', 'Host: localhost', ...good, ...lines, '', body)
const withHead = (head: string[], body = '{}') => crlf(...head, ...good, 'Content-Length: 2', '', body)
const chunk = '{"Name":"a"}'
const chunked = (coding: string, body = `c\r\n${chunk}\r\n0\r\n\r\n`) => post([coding], body)
const chunks = (body: string) => chunked('Transfer-Encoding: chunked', body)
const length = (text: string) => `Content-Length: ${text}`

/** `refused`: no success. `at most once`: Node may have said 400 before the first was answered. `once`: the first is answered, and nothing else is a request. `twice`: both are plain requests. */
const cases: [string, string, 'refused' | 'once' | 'at most once' | 'twice'][] = [
  ['nothing odd', post([length('2')], '{}'), 'once'],
  ['two requests, one after the other', post([length('2')], `{}${hidden}`), 'twice'],
  ['a request behind a refused one', post([length('1')], `x${hidden}`), 'twice'],
  // How long is it?
  ['length and chunks', post([length('2'), 'Transfer-Encoding: chunked'], `0\r\n\r\n${hidden}`), 'refused'],
  ['chunks and length', post(['Transfer-Encoding: chunked', length('4')], `0\r\n\r\n${hidden}`), 'refused'],
  ['two lengths that differ', post([length('2'), length('200')], `{}${hidden}`), 'refused'],
  ['two lengths that agree', post([length('2'), length('2')], `{}${hidden}`), 'refused'],
  ['a list of lengths', post([length('2, 2')], `{}${hidden}`), 'refused'],
  ['a length with a sign', post([length('+2')], `{}${hidden}`), 'refused'],
  ['a negative length', post([length('-2')], `{}${hidden}`), 'refused'],
  ['a hexadecimal length', post([length('0x2')], `{}${hidden}`), 'refused'],
  ['a length with a fraction', post([length('2.0')], `{}${hidden}`), 'refused'],
  ['a length with an exponent', post([length('2e0')], `{}${hidden}`), 'refused'],
  ['a length with a space inside', post([length('2 0')], `{}${hidden}`), 'refused'],
  ['a length above 64 bits', post([length('18446744073709551618')], `{}${hidden}`), 'refused'],
  ['an empty length', post([length('')], hidden), 'refused'],
  ['a length in other digits', post([length('\u00b2')], `{}${hidden}`), 'refused'],
  [
    'an announced body on GET',
    crlf('GET / HTTP/1.1', 'Host: localhost', length(String(hidden.length)), '', hidden),
    'refused',
  ],
  // Which coding?
  ['an unknown coding', chunked('Transfer-Encoding: xchunked', hidden), 'refused'],
  ['chunked, not last', chunked('Transfer-Encoding: chunked, identity'), 'refused'],
  ['chunked, twice', chunked('Transfer-Encoding: chunked, chunked'), 'refused'],
  ['a coding before it', chunked('Transfer-Encoding: gzip, chunked'), 'refused'],
  ['two codings in two lines', chunked('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity'), 'refused'],
  ['a vertical tab before it', chunked('Transfer-Encoding: \x0bchunked', hidden), 'refused'],
  ['a NUL behind it', chunked('Transfer-Encoding: chunked\0', hidden), 'refused'],
  ['quotes around it', chunked('Transfer-Encoding: "chunked"', hidden), 'refused'],
  ['an underscore for the dash', post(['Transfer_Encoding: chunked', length('2')], `{}${hidden}`), 'twice'],
  ['chunks in HTTP/1.0', chunked('Transfer-Encoding: chunked').replace('HTTP/1.1', 'HTTP/1.0'), 'refused'],
  // Where does a line end, and where does a name?
  ['a bare LF in the head', post([length('2')], '{}').replace('\r\nHost', '\nHost'), 'refused'],
  ['a bare LF at its end', post([length('2')], '{}').replace('\r\n\r\n', '\n\n'), 'refused'],
  ['a bare CR in a value', post(['X: a\rContent-Length: 200', length('2')], `{}${hidden}`), 'refused'],
  ['a folded line', post(['X: a', ' Content-Length: 200', length('2')], `{}${hidden}`), 'refused'],
  ['a folded line with a tab', post(['X: a', '\tb', length('2')], `{}${hidden}`), 'refused'],
  ['a space before the colon', post(['Content-Length : 2'], `{}${hidden}`), 'refused'],
  [
    'a space before the first name',
    crlf('POST / HTTP/1.1', ' Host: localhost', ...good, length('2'), '', '{}'),
    'refused',
  ],
  ['no name', post([': x', length('2')], `{}${hidden}`), 'refused'],
  ['no colon', post(['nonsense', length('2')], `{}${hidden}`), 'refused'],
  ['a NUL in a name', post(['X\0: a', length('2')], `{}${hidden}`), 'refused'],
  ['a NUL in a value', post(['X: a\0b', length('2')], `{}${hidden}`), 'refused'],
  ['a head of 20 KB', post([`X: ${'a'.repeat(20_000)}`, length('2')], `{}${hidden}`), 'refused'],
  [
    '2,100 lines of head',
    post([...Array.from({ length: 2100 }, (_, i) => `x${i}:`), length('2')], `{}${hidden}`),
    'refused',
  ],
  // What is said twice?
  ['two hosts', post(['Host: 127.0.0.1', length('2')], `{}${hidden}`), 'refused'],
  ['no host', post([length('2')], '{}').replace('Host: localhost\r\n', ''), 'refused'],
  ['two authorizations', post([`Authorization: ${signature}`, length('2')], `{}${hidden}`), 'refused'],
  ['two targets', post(['X-Amz-Target: Fake_1.Nothing', length('2')], `{}${hidden}`), 'refused'],
  ['two dates', post(['X-Amz-Date: 20260101T000001Z', length('2')], `{}${hidden}`), 'refused'],
  ['two types', post(['Content-Type: application/x-amz-cbor-1.1', length('2')], `{}${hidden}`), 'refused'],
  ['two tokens', post(['X-Amz-Security-Token: a', 'x-amz-security-token: b', length('2')], `{}${hidden}`), 'refused'],
  // To whom?
  ['an absolute form', withHead(['POST http://evil.example/ HTTP/1.1', 'Host: localhost']), 'refused'],
  ['an absolute form of our own', withHead(['POST http://localhost/ HTTP/1.1', 'Host: localhost']), 'refused'],
  ['an authority form', withHead(['POST localhost:80 HTTP/1.1', 'Host: localhost']), 'refused'],
  ['a tunnel', withHead(['CONNECT localhost:80 HTTP/1.1', 'Host: localhost'], hidden), 'refused'],
  ['an asterisk', withHead(['POST * HTTP/1.1', 'Host: localhost']), 'refused'],
  ['a host with a user', withHead(['POST / HTTP/1.1', 'Host: evil.example@localhost']), 'refused'],
  ['a host with a path', withHead(['POST / HTTP/1.1', 'Host: localhost/evil.example']), 'refused'],
  ['a space in the target', withHead(['POST / x HTTP/1.1', 'Host: localhost']), 'refused'],
  // Which protocol?
  ['no version', crlf('POST /', 'Host: localhost', '', ''), 'refused'],
  ['HTTP/2.0 in the first line', withHead(['POST / HTTP/2.0', 'Host: localhost']), 'refused'],
  ['HTTP/1.2', withHead(['POST / HTTP/1.2', 'Host: localhost']), 'refused'],
  ['a method in small letters', withHead(['post / HTTP/1.1', 'Host: localhost']), 'refused'],
  ['PRI in the middle', post([length('2')], '{}PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), 'at most once'],
  [
    'h2c by upgrade',
    post(['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk', length('2')], '{}'),
    'once',
  ],
  ['a websocket', post(['Connection: Upgrade', 'Upgrade: websocket', length('2')], '{}'), 'once'],
  ['Connection names a signed header', post(['Connection: close, X-Amz-Target', length('2')], '{}'), 'refused'],
  ['Connection names the host', post(['Connection: host', length('2')], '{}'), 'refused'],
  // How long is a chunk?
  ['plain chunks', chunks(`c\r\n${chunk}\r\n0\r\n\r\n`), 'once'],
  ['an extension', chunks(`c;name=value\r\n${chunk}\r\n0\r\n\r\n`), 'once'],
  ['an extension with a bare LF', chunks(`c;a\n${chunk}\r\n0\r\n\r\n${hidden}`), 'refused'],
  ['an extension of 20 KB', chunks(`c;${'a'.repeat(20_000)}\r\n${chunk}\r\n0\r\n\r\n`), 'refused'],
  ['a size above 64 bits', chunks(`1000000000000000c\r\n${chunk}\r\n0\r\n\r\n${hidden}`), 'refused'],
  ['a negative size', chunks(`-c\r\n${chunk}\r\n0\r\n\r\n${hidden}`), 'refused'],
  ['a size with 0x', chunks(`0xc\r\n${chunk}\r\n0\r\n\r\n${hidden}`), 'refused'],
  ['a size with a space before', chunks(` c\r\n${chunk}\r\n0\r\n\r\n${hidden}`), 'refused'],
  ['no size', chunks(`\r\n${chunk}\r\n0\r\n\r\n${hidden}`), 'refused'],
  ['a bare LF behind the size', chunks(`c\n${chunk}\r\n0\r\n\r\n${hidden}`), 'refused'],
  ['a chunk that goes on', chunks(`c\r\n${chunk}xx\r\n0\r\n\r\n${hidden}`), 'refused'],
  ['a bare LF behind the chunk', chunks(`c\r\n${chunk}\n0\r\n\r\n${hidden}`), 'refused'],
  [
    'trailers that name signed headers',
    chunks(`c\r\n${chunk}\r\n0\r\nX-Amz-Target: Fake_1.Nothing\r\nHost: evil.example\r\n\r\n`),
    'once',
  ],
  ['a trailer that gives a length', chunks(`c\r\n${chunk}\r\n0\r\nContent-Length: 500\r\n\r\n`), 'at most once'],
  // When does the body come?
  ['100-continue', post(['Expect: 100-continue', length('2')], '{}'), 'once'],
  ['another expectation', post(['Expect: 200-ok', length('2')], `{}${hidden}`), 'twice'],
  ['half a body', post([length('50')], '{}'), 'refused'],
]

const allowed = { refused: [0], once: [1], 'at most once': [0, 1] }

test('nothing that can be read in two ways is answered with success, and nothing hidden is ever answered', async (t) => {
  const { port } = await gatewayFixture(t, { bodyTimeoutMs: 150, headersTimeoutMs: 400 })
  const faults: string[] = []
  for (let first = 0; first < cases.length; first += 16)
    await Promise.all(
      cases.slice(first, first + 16).map(async ([name, bytes, verdict]) => {
        const said = await talk(port, bytes)
        const successes = said.split('HTTP/1.1 200 ').length - 1
        const found = /SMUGGLED/.test(said)
        const isRight = verdict === 'twice' ? found : !found && allowed[verdict].includes(successes)
        if (!isRight) faults.push(`${name}: ${verdict}, but ${said.slice(0, 200)}`)
      }),
    )
  t.diagnostic(
    `${cases.length} cases, ${cases.filter(([, , verdict]) => verdict === 'refused').length} of them ambiguous`,
  )
  assert.deepEqual(faults, [])
})

/** Says all of it at once, then nothing more; gives what came until the server closed, or for a second. */
function talk(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    let said = ''
    socket.setTimeout(1000, () => socket.destroy())
    socket.on('data', (data) => {
      said += data.toString('latin1')
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(said))
    socket.on('end', () => socket.destroy())
    socket.end(Buffer.from(bytes, 'latin1'))
  })
}
