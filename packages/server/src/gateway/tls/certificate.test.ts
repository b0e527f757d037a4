import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createSecureContext } from 'node:tls'
import { ManualClock, silentLogger, systemRandom } from '@millrace/ports'
import { isGoodFor, makeCertificate, validityMs } from './certificate.ts'
import { certificateIn, namesFor } from './certificate-folder.ts'

const nowMs = Date.UTC(2026, 10, 21)
const dayMs = 24 * 3600 * 1000

test('the certificate names what the server is called, is signed by its authority, and holds 825 days', () => {
  const { cert, key, authority } = makeCertificate(namesFor('fe80::1:2'), nowMs, systemRandom)
  const [server, issuer] = [new X509Certificate(cert), new X509Certificate(authority)]
  assert.equal(
    server.subjectAltName,
    'DNS:localhost, DNS:*.localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, IP Address:FE80:0:0:0:0:0:1:2',
  )
  assert.ok(server.verify(issuer.publicKey) && server.checkIssued(issuer))
  assert.ok(issuer.verify(issuer.publicKey))
  assert.deepEqual([server.ca, issuer.ca], [false, true])
  assert.equal(Date.parse(server.validTo) - Date.parse(server.validFrom), validityMs)
  assert.ok(Date.parse(server.validFrom) < nowMs && Date.parse(server.validTo) > nowMs + 800 * dayMs)
  createSecureContext({ cert, key })
  assert.ok(cert.endsWith(authority), 'the chain is shown')
  assert.notEqual(server.serialNumber, issuer.serialNumber)
})

test('times are right on both sides of 2050, and every serial number is positive', () => {
  const late = new X509Certificate(makeCertificate(['a'], Date.UTC(2049, 11, 31), systemRandom).cert)
  assert.deepEqual([late.validFrom, late.validTo], ['Dec 30 00:00:00 2049 GMT', 'Apr  3 00:00:00 2052 GMT'])
  for (const first of [0x00, 0x7f, 0x80, 0xff]) {
    const random = { ...systemRandom, bytes: (length: number) => new Uint8Array(length).fill(first) }
    assert.doesNotMatch(new X509Certificate(makeCertificate(['a'], nowMs, random).cert).serialNumber, /^-/)
  }
})

test('a certificate is good for its names, for its time, and for nothing else', () => {
  const { cert } = makeCertificate(namesFor('10.1.2.3'), nowMs, systemRandom)
  assert.ok(isGoodFor(cert, namesFor('10.1.2.3'), nowMs, 30 * dayMs))
  assert.ok(isGoodFor(cert, ['::1'], nowMs, 0))
  assert.ok(!isGoodFor(cert, ['10.1.2.4'], nowMs, 0))
  assert.ok(!isGoodFor(cert, ['localhost'], nowMs + 800 * dayMs, 30 * dayMs))
  assert.ok(!isGoodFor(cert, ['localhost'], nowMs - 2 * dayMs, 0))
})

test('an address that is none of a host is not put into a certificate', () => {
  assert.deepEqual(namesFor('0.0.0.0'), ['localhost', '*.localhost', '127.0.0.1', '::1'])
  assert.deepEqual(namesFor('::'), namesFor('0.0.0.0'))
  assert.deepEqual(namesFor('millrace.test').at(-1), 'millrace.test')
})

const folderFixture = async (t: { after(fn: () => Promise<void>): void }) => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-tls-'))
  t.after(() => rm(folder, { recursive: true }))
  const warnings: unknown[] = []
  const clock = new ManualClock(nowMs)
  const logger = { ...silentLogger, log: (...said: unknown[]) => warnings.push(said) as unknown as undefined }
  const open = (host = '127.0.0.1') =>
    certificateIn(join(folder, 'tls'), namesFor(host), { clock, random: systemRandom, logger })
  return { folder: join(folder, 'tls'), clock, warnings, open }
}

test('a folder keeps its certificate from one start to the next, and the key for its owner alone', async (t) => {
  const { folder, open, warnings } = await folderFixture(t)
  const first = await open()
  assert.deepEqual(await open(), first)
  assert.equal((await stat(join(folder, 'server.pem'))).mode & 0o777, 0o600)
  assert.equal((await stat(folder)).mode & 0o777, 0o700)
  assert.equal(await readFile(first.authorityPath!, 'utf8'), first.authority)
  assert.doesNotMatch(first.authority, /PRIVATE/)
  await rm(first.authorityPath!)
  assert.deepEqual(await open(), first)
  assert.equal(await readFile(first.authorityPath!, 'utf8'), first.authority, 'what clients need is written again')
  assert.deepEqual(warnings, [])
})

test('it is made anew, and said so, when it ends soon, lacks a name, or is damaged', async (t) => {
  const { folder, clock, open, warnings } = await folderFixture(t)
  const certs = new Set([(await open()).cert])
  await clock.advance(790 * dayMs)
  certs.add((await open()).cert)
  assert.deepEqual([certs.size, warnings.length], [1, 0])
  await clock.advance(5 * dayMs)
  certs.add((await open()).cert)
  assert.deepEqual([certs.size, warnings.length], [2, 1])
  certs.add((await open('10.0.0.7')).cert)
  assert.deepEqual([certs.size, warnings.length], [3, 2])
  for (const damaged of ['', 'nonsense', (await readFile(join(folder, 'server.pem'), 'utf8')).slice(0, 900)]) {
    await writeFile(join(folder, 'server.pem'), damaged)
    certs.add((await open('10.0.0.7')).cert)
  }
  assert.deepEqual([certs.size, warnings.length], [6, 5])
})
