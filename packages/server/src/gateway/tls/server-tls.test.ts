import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import tls from 'node:tls'
import { ManualClock, silentLogger, systemRandom } from '@millrace/ports'
import { lookEveryMs } from '../../core/file-watch.ts'
import { gatewayFixture, signedHeaders } from '../gateway-fixture.ts'
import { makeCertificate, validityMs } from './certificate.ts'
import { openServerTls, renewalLookMs, type ServerTlsOptions } from './server-tls.ts'

const names = ['localhost', '127.0.0.1']
const make = (nowMs = Date.now()) => makeCertificate(names, nowMs, systemRandom)

async function fixture(t: TestContext, options: Partial<ServerTlsOptions>) {
  const clock = new ManualClock(Date.now())
  const said: string[] = []
  const logger = {
    ...silentLogger,
    log: (level: string, message: string, more?: object) =>
      void said.push(`${level}: ${message} ${JSON.stringify(more)}`),
  }
  const opened = await openServerTls({
    certificate: true,
    folder: undefined,
    names,
    clock,
    random: systemRandom,
    logger,
    ...options,
  })
  t.after(() => opened.stop())
  const { port } = await gatewayFixture(t, { tls: opened.door })
  return { clock, said, port, opened }
}

async function folderOf(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'tls-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

/** The serial number of what the server shows, and the connection. */
async function connect(port: number, options: tls.ConnectionOptions = {}) {
  const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options })
  socket.on('error', () => {})
  await Promise.race([
    once(socket, 'secureConnect'),
    once(socket, 'close').then(() => Promise.reject(new Error('refused'))),
  ])
  return { serial: socket.getPeerX509Certificate()!.serialNumber, socket }
}

async function ask(socket: tls.TLSSocket): Promise<string> {
  const head = Object.entries({ ...signedHeaders('Echo'), host: 'localhost', 'content-length': '2' })
  socket.write(`POST / HTTP/1.1\r\n${head.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n{}`)
  const answer = await Promise.race([once(socket, 'data'), once(socket, 'close').then(() => [''])])
  return String(answer[0]).split('\r\n', 1)[0]!
}

const serialOf = ({ cert }: { cert: string }) => new X509Certificate(cert).serialNumber

/** Looks at the files until it is so: the disk has its own time. */
async function until(clock: ManualClock, holds: () => boolean): Promise<void> {
  for (let look = 0; look < 400 && !holds(); look++) {
    await clock.advance(lookEveryMs)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  assert.ok(holds(), 'it never came to be')
}

test('renewed files are shown to new connections, old connections live on, and a broken pair leaves all as it was', async (t) => {
  const folder = await folderOf(t)
  const [first, second, third] = [make(), make(), make()]
  const certFile = join(folder, 'cert.pem')
  const keyFile = join(folder, 'key.pem')
  const put = async (path: string, text: string) => {
    await writeFile(`${path}.new`, text)
    await rename(`${path}.new`, path)
  }
  await put(certFile, first.cert)
  await put(keyFile, first.key)
  const { clock, said, port } = await fixture(t, { certificate: { certFile, keyFile } })
  const old = await connect(port)
  assert.equal(old.serial, serialOf(first))
  await clock.advance(lookEveryMs)

  await put(certFile, second.cert)
  await until(clock, () => said.some((line) => line.includes('cannot be used')))
  assert.match(said[0]!, /^error: .*the previous one stays .*they do not belong together/)
  assert.equal((await connect(port)).serial, serialOf(first), 'the certificate alone is no pair')
  await put(keyFile, second.key)
  await until(clock, () => said.some((line) => line.startsWith('info')))
  assert.equal((await connect(port)).serial, serialOf(second))
  assert.equal(await ask(old.socket), 'HTTP/1.1 200 OK', 'a connection from before lives on')

  said.length = 0
  for (const broken of ['', 'no PEM', third.cert.slice(0, 300)]) {
    await put(certFile, broken)
    await until(clock, () => said.length > 0)
    assert.match(said.pop()!, /^error/)
    assert.equal((await connect(port)).serial, serialOf(second))
  }
  await rm(certFile)
  await until(clock, () => said.length > 0)
  assert.match(said.pop()!, /cannot be read \(ENOENT\)/)
  await put(keyFile, third.key)
  await put(certFile, third.cert)
  await until(clock, () => said.some((line) => line.startsWith('info')))
  assert.equal((await connect(port)).serial, serialOf(third))
})

test('a certificate that the server made is made anew a month before it ends, while the server runs', async (t) => {
  const folder = await folderOf(t)
  const { clock, port, opened } = await fixture(t, { folder })
  const first = await connect(port)
  const authority = opened.authority()
  await clock.advance(validityMs - 40 * renewalLookMs)
  assert.equal((await connect(port)).serial, first.serial)
  await clock.advance(11 * renewalLookMs)
  for (let look = 0; look < 400 && opened.authority() === authority; look++)
    await new Promise((resolve) => setTimeout(resolve, 5))
  const renewed = await connect(port, { ca: opened.authority()! })
  assert.notEqual(renewed.serial, first.serial)
  assert.notEqual(opened.authority(), authority)
  assert.equal(await ask(first.socket), 'HTTP/1.1 200 OK')
})

test('clients need a certificate of the authority where one is required, and may not show another one where it is not', async (t) => {
  const folder = await folderOf(t)
  const makeClient = () => makeCertificate(['worker-1'], Date.now(), systemRandom, 'client')
  const known = makeClient()
  const strange = makeClient()
  const caFile = join(folder, 'clients.pem')
  await writeFile(caFile, known.authority)
  const asClient = (pair: { cert: string; key: string }) => ({ cert: pair.cert, key: pair.key })
  const outcome = (port: number, options: tls.ConnectionOptions) =>
    connect(port, options)
      .then(({ socket }) => ask(socket))
      .catch(() => '')
  for (const isRequired of [true, false])
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const { port, clock, said } = await fixture(t, { clients: { caFile, isRequired } })
      const none = await outcome(port, { maxVersion })
      assert.equal(none, isRequired ? '' : 'HTTP/1.1 200 OK')
      assert.equal(
        await outcome(port, { maxVersion, ...asClient(strange) }),
        '',
        `strange, ${maxVersion}, ${isRequired}`,
      )
      assert.equal(await outcome(port, { maxVersion, ...asClient(known) }), 'HTTP/1.1 200 OK')
      if (!isRequired) continue
      await writeFile(caFile, strange.authority)
      await until(clock, () => said.length > 0)
      assert.equal(
        await outcome(port, { maxVersion, ...asClient(strange) }),
        'HTTP/1.1 200 OK',
        'authorities are renewed too',
      )
      assert.equal(await outcome(port, { maxVersion, ...asClient(known) }), '')
      await writeFile(caFile, known.authority)
    }
  await writeFile(caFile, 'none')
  await assert.rejects(
    fixture(t, { clients: { caFile, isRequired: true } }),
    /the file of client authorities has no certificate/,
  )
})
