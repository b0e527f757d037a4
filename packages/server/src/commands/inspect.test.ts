import assert from 'node:assert/strict'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { silentLogger, systemClock } from '@millrace/ports'
import { startMillrace } from '../main.ts'
import { fixedDataKey } from '../storage/data-key-fixture.ts'
import { openEmbedded } from '../storage/embedded/open.ts'
import { batchOf } from '../storage/log.ts'
import { type InspectReport, inspectCommand } from './inspect.ts'

const folders: string[] = []
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-inspect-'))
  folders.push(folder)
  return folder
}

async function run(...args: string[]) {
  let out = ''
  let err = ''
  const stderr = { write: (text: string) => (err += text), isTTY: args.includes('--tty') }
  const code = await inspectCommand(
    args.filter((arg) => arg !== '--tty'),
    { write: (text: string) => (out += text) },
    stderr,
  )
  return { code, out, err }
}

async function reportOn(folder: string): Promise<{ code: number; report: InspectReport }> {
  const { code, out } = await run(folder, '--json')
  return { code, report: JSON.parse(out) as InspectReport }
}

/** Calls an operation as a client does, without a client. */
async function call(url: string, name: string, input: unknown) {
  const answer = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `Kinesis_20131202.${name}`,
      'x-amz-date': '20260101T000000Z',
      authorization:
        'AWS4-HMAC-SHA256 Credential=AK/20260101/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=00',
    },
    body: JSON.stringify(input),
  })
  const text = await answer.text()
  assert.equal(answer.status, 200, `${name}: ${text}`)
  return text === '' ? undefined : JSON.parse(text)
}

const record = (i: number) => ({ PartitionKey: `key ${i}`, Data: Buffer.from(`record ${i}`).toString('base64') })

/** A folder with a stream of two shards, 100 records and a consumer, in segments of 2 KB; and as it was while in use. */
let whole: string
let inUse: InspectReport
before(async () => {
  whole = temporaryFolder()
  const server = await startMillrace({ data: whole, transitionMs: 0, limits: 'off', segmentBytesMax: 2000 })
  try {
    await call(server.url, 'CreateStream', { StreamName: 'orders', ShardCount: 2 })
    for (;;) {
      const { StreamDescriptionSummary } = await call(server.url, 'DescribeStreamSummary', { StreamName: 'orders' })
      if (StreamDescriptionSummary.StreamStatus === 'ACTIVE') break
    }
    for (let i = 0; i < 100; i += 10)
      await call(server.url, 'PutRecords', {
        StreamName: 'orders',
        Records: Array.from({ length: 10 }, (_, j) => record(i + j)),
      })
    const StreamARN = 'arn:aws:kinesis:us-east-1:000000000000:stream/orders'
    await call(server.url, 'RegisterStreamConsumer', { StreamARN, ConsumerName: 'audit' })
    inUse = (await reportOn(whole)).report
  } finally {
    await server.stop()
  }
})

function copyOf(folder: string): string {
  const copy = temporaryFolder()
  cpSync(folder, copy, { recursive: true })
  return copy
}

/** Every file, with its bytes and the time of its last change. */
function contentsOf(folder: string): Map<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
  const files = names.map((name) => join(folder, name)).filter((path) => statSync(path).isFile())
  return new Map(files.map((path) => [path, `${statSync(path).mtimeMs} ${readFileSync(path, 'hex')}`]))
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path)
  bytes[at]! ^= 4
  writeFileSync(path, bytes)
}

test('a sound folder: its streams, shards, segments, offsets, sizes and times; and nothing in it changes', async () => {
  const before = contentsOf(whole)
  const { code, report } = await reportOn(whole)
  assert.equal(code, 0)
  assert.equal(report.isSound, true)
  assert.deepEqual([report.formatVersion, report.heldByPid, report.findings], [2, null, []])
  const [stream, ...others] = report.streams
  assert.deepEqual(others, [])
  assert.deepEqual([stream!.name, stream!.status, stream!.retentionHours], ['orders', 'ACTIVE', 24])
  assert.deepEqual(stream!.consumers, ['audit'])
  assert.deepEqual(
    stream!.shards.map(({ shardId, isOpen }) => [shardId, isOpen]),
    [
      ['shardId-000000000000', true],
      ['shardId-000000000001', true],
    ],
  )
  let entries = 0
  for (const { entryCount, firstOffset, endOffset, sizeBytes, firstAt, lastAt, segments } of stream!.shards) {
    assert.deepEqual([firstOffset, endOffset], [0, entryCount])
    assert.ok(sizeBytes > 20 * entryCount && segments.length > 1 && firstAt! <= lastAt!)
    entries += entryCount
  }
  assert.equal(entries, 100)
  const files = readdirSync(join(whole, 'log')).filter((name) => name.endsWith('.segment'))
  assert.equal(report.segments.length, files.length)
  for (const { verdict, index, sizeBytes, file } of report.segments) {
    assert.deepEqual([verdict, index], ['sound', 'good'])
    assert.equal(sizeBytes, statSync(file).size)
  }
  assert.deepEqual(contentsOf(whole), before)
})

test('the report for people has the same', async () => {
  const { code, out, err } = await run(whole)
  assert.equal(code, 0)
  assert.equal(err, '')
  for (const told of [
    /1 stream\n/,
    /orders: ACTIVE, PROVISIONED, 2 shards, kept 24 h, .* consumers audit/,
    /shardId-000000000001 +open +\d+ records +\d.* offsets 0 to \d+ .* in segments 1-/,
    /0000000001 .* CRC good/,
    /Sound: every record is whole, and nothing is missing\.\n$/,
  ])
    assert.match(out, told)
})

test('while a server uses the folder, it is told who, and that alone is no damage', () => {
  assert.equal(inUse.heldByPid, process.pid)
  assert.equal(inUse.isSound, true)
  assert.equal(
    inUse.streams[0]!.shards.reduce((sum, { entryCount }) => sum + entryCount, 0),
    100,
  )
})

test('what is sealed is counted, and is sound, though nobody here has its keys', async () => {
  const data = temporaryFolder()
  const keys = { held: fixedDataKey, find: async (id: number) => fixedDataKey(id) }
  const options = { directory: data, durability: 'os', clock: systemClock, logger: silentLogger } as const
  const storage = await openEmbedded({ ...options, dataKeys: () => keys })
  await storage.log.create('logs/a', { retentionMs: 3_600_000 })
  await storage.log.append('logs/a', batchOf([Buffer.from('open')]))
  await storage.log.configure('logs/a', { dataKey: 9 })
  for (let i = 0; i < 3; i++) await storage.log.append('logs/a', batchOf([Buffer.from('sealed')]))
  await storage.close()
  const { code, report } = await reportOn(data)
  assert.deepEqual([code, report.isSound, report.formatVersion], [0, true, 3])
  const [{ runCount, sealedCount, entryCount }] = report.otherLogs as [InspectReport['otherLogs'][number]]
  assert.deepEqual([runCount, sealedCount, entryCount], [4, 3, 4])
  assert.match((await run(data)).out, /logs\/a .* 3 of 4 puts sealed\n/)
})

test('a terminal gets a progress bar, and it is wiped', async () => {
  const { err } = await run(whole, '--tty')
  assert.match(err, /^\r\[\.+\] 0 % of 1 MiB\r\[#+\.+\] \d+ % .*\r\[#+\] 100 % of 1 MiB/s)
  assert.ok(err.endsWith('\r\u001b[K'))
})

test('damage is told with its place, everything else is shown, and the exit code is 1', async () => {
  const damaged = copyOf(whole)
  const file = join(damaged, 'log/0000000002.segment')
  flip(file, 130)
  const { code, report } = await reportOn(damaged)
  assert.equal(code, 1)
  assert.deepEqual(report.findings.length, 1)
  assert.match(report.findings[0]!.message, /0000000002\.segment is damaged from byte 64 to \d+$/)
  assert.deepEqual(
    report.segments.map(({ verdict }) => verdict),
    report.segments.map(({ number }) => (number === 2 ? 'damaged' : 'sound')),
  )
  const entries = report.streams[0]!.shards.reduce((sum, { entryCount }) => sum + entryCount, 0)
  assert.ok(entries < 100 && entries >= 80, `${entries} records`)
  const { out } = await run(damaged)
  assert.match(out, /0000000002 .* CRC BAD in 1 place/)
  assert.match(out, /DAMAGE: .*0000000002\.segment is damaged.*Not sound: 1 finding of damage\.\n$/s)
})

test('each thing that can be missing or broken is found', async () => {
  const cases: [string, (folder: string) => void, RegExp][] = [
    ['a segment', (folder) => rmSync(join(folder, 'log/0000000002.segment')), /0000000002\.segment is missing/],
    ['the last segment', (folder) => rmSync(lastSegment(folder)), /\d+\.segment is missing/],
    ['a header', (folder) => flip(join(folder, 'log/0000000001.segment'), 20), /is damaged from byte 0 to 64/],
    ['the map of logs', (folder) => rmSync(join(folder, 'log/logs.map')), /logs\.map is missing/],
    ['the catalog', (folder) => rmSync(join(folder, 'catalog/catalog.map')), /catalog\.map is missing/],
    ['a map', (folder) => flip(join(folder, 'log/logs.map'), 60), /logs\.map is damaged from byte \d+/],
    [
      'a map that cannot be read',
      (folder) => {
        rmSync(join(folder, 'log/logs.map'))
        mkdirSync(join(folder, 'log/logs.map'))
      },
      /logs\.map cannot be read \(EISDIR/,
    ],
    [
      'a map’s beginning',
      (folder) => flip(join(folder, 'catalog/catalog.map'), 2),
      /catalog\.map is damaged from byte 0/,
    ],
    [
      'the version',
      (folder) => writeFileSync(join(folder, 'millrace.json'), '{'),
      /millrace\.json is missing or damaged/,
    ],
  ]
  for (const [what, damage, told] of cases) {
    const folder = copyOf(whole)
    damage(folder)
    const before = contentsOf(folder)
    const { code, report } = await reportOn(folder)
    assert.equal(code, 1, what)
    assert.match(report.findings.map(({ message }) => message).join('\n'), told, what)
    assert.deepEqual(contentsOf(folder), before, what)
  }
})

test('with a damaged catalog the records are still counted, below the logs that they are in', async () => {
  const folder = copyOf(whole)
  rmSync(join(folder, 'catalog/catalog.map'))
  const { report } = await reportOn(folder)
  assert.deepEqual(report.streams, [])
  const ofStreams = report.otherLogs.filter(({ logId }) => !logId.startsWith('cloudwatch/'))
  assert.equal(ofStreams.length, 2)
  assert.equal(
    ofStreams.reduce((sum, { entryCount }) => sum + entryCount, 0),
    100,
  )
})

test('a write that was not finished is a note, and no damage', async () => {
  const folder = copyOf(whole)
  const last = lastSegment(folder)
  rmSync(last.replace('.segment', '.index'))
  writeFileSync(last, readFileSync(last).subarray(0, -10))
  const { code, report } = await reportOn(folder)
  assert.equal(code, 0)
  assert.match(report.findings[0]!.message, /ends with a write that was not finished, from byte \d+/)
})

test('a damaged index costs nothing, and is told wherever the damage is', async () => {
  const index = (folder: string) => join(folder, 'log/0000000001.index')
  const length = readFileSync(index(whole)).byteLength
  for (const at of [length - 4, length >> 1, 20]) {
    const folder = copyOf(whole)
    flip(index(folder), at)
    const { code, report } = await reportOn(folder)
    assert.equal(code, 0)
    assert.equal(report.segments[0]!.index, 'damaged', `byte ${at}`)
    assert.match(report.findings[0]!.message, /0000000001\.index is damaged: a server makes it anew/)
  }
})

test('a file that is not ours is a note', async () => {
  const folder = copyOf(whole)
  writeFileSync(join(folder, 'log/thesis.doc'), 'mine')
  const { code, report } = await reportOn(folder)
  assert.equal(code, 0)
  assert.match(report.findings[0]!.message, /thesis\.doc is not Millrace's/)
})

test('what is no data folder, or a wrong option, gets one line and exit code 2', async () => {
  for (const [args, told] of [
    [[], /give one data folder/],
    [[whole, whole], /give one data folder/],
    [[tmpdir()], /is not a data folder: it holds no millrace\.json/],
    [[join(whole, 'nowhere')], /nowhere cannot be read/],
    [[whole, '--fix'], /--fix/],
  ] as const) {
    const { code, out, err } = await run(...args)
    assert.deepEqual([code, out], [2, ''])
    assert.match(err, /^millrace inspect: [^\n]+\n$/)
    assert.match(err, told)
  }
  const { code, out } = await run('--help')
  assert.equal(code, 0)
  assert.match(out, /Usage: millrace inspect DIR/)
})

function lastSegment(folder: string): string {
  const names = readdirSync(join(folder, 'log')).filter((name) => name.endsWith('.segment'))
  return join(folder, 'log', names.sort().at(-1)!)
}
