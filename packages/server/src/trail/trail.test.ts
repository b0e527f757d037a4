import assert from 'node:assert/strict'
import { appendFileSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { type Logger, ManualClock, systemRandom } from '@millrace/ports'
import type { AuditedCall } from '../core/audit.ts'
import { ObjectRefused } from '../core/ports/objects.ts'
import * as streams from '../services/streams/operations/index.ts'
import type { AnyOperation } from './canary-input-fixture.ts'
import { dataSelectionFrom } from './data-selection.ts'
import { destinationFrom } from './destination.ts'
import { type JournalFiles, nodeJournalFiles } from './journal-files.ts'
import { Trail, type TrailParts } from './trail.ts'

const place = { accountId: '123456789012', region: 'eu-central-1' }
const kinesis = { name: 'kinesis', targetPrefix: '' }

/** A trail whose bucket is a Map; `refuse` says which puts fail, and how. */
async function fixture(t: TestContext, parts: Partial<TrailParts> & { refuse?: () => string | undefined } = {}) {
  const journal = parts.journal ?? mkdtempSync(join(tmpdir(), 'millrace-trail-'))
  t.after(() => rmSync(journal, { recursive: true, force: true }))
  const clock = new ManualClock(Date.UTC(2026, 1, 3, 4, 5, 6))
  const objects = new Map<string, string>()
  const put = new Bell()
  const lines: { message: string; fields: Readonly<Record<string, unknown>> | undefined }[] = []
  const logger: Logger = { log: (_level, message, fields) => void lines.push({ message, fields }) }
  const store = {
    async put(bucket: string, key: string, chunks: readonly Uint8Array[]) {
      const code = parts.refuse?.()
      if (code !== undefined) throw new ObjectRefused(code, code)
      objects.set(`${bucket}/${key}`, gunzipSync(Buffer.concat(chunks)).toString())
      put.ring()
    },
  }
  const trail = await Trail.open({
    place,
    clock,
    random: systemRandom,
    logger,
    journal,
    objects: store,
    bucket: 'audit',
    dataEvents: 'none',
    ...parts,
  })
  const record = (name: string) => trail.record(callOf(name))
  const names = () =>
    [...objects.values()].flatMap((text) =>
      JSON.parse(text).Records.map(
        (each: { requestParameters: { streamName: string } }) => each.requestParameters.streamName,
      ),
    )
  return { trail, clock, objects, put, lines, journal, record, names }
}

class Bell {
  #waiting: (() => void)[] = []
  ring() {
    for (const wake of this.#waiting.splice(0)) wake()
  }
  rung() {
    return new Promise<void>((resolve) => this.#waiting.push(resolve))
  }
}

const callOf = (
  StreamName: string,
  operation: AnyOperation = streams.createStream,
  arns: string[] = [],
): AuditedCall => ({
  service: kinesis,
  operation,
  caller: { accountId: place.accountId, accessKeyId: 'AKIA' },
  requestId: 'r',
  input: { StreamName },
  resourceArns: arns,
  outcome: { output: undefined },
  sourceIp: '127.0.0.1',
  userAgent: undefined,
  tls: undefined,
  vpcEndpointId: undefined,
})

/** Lets the disk work until it is so. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve))
}

const openBytes = (journal: string) => statSync(join(journal, 'open.jsonl'), { throwIfNoEntry: false })?.size ?? 0

test("five minutes after its first record a log file is put under AWS's key, with all records in order", async (t) => {
  const { clock, objects, put, record, names, journal } = await fixture(t, { prefix: 'p/' })
  for (const name of ['a', 'b', 'c']) record(name)
  await until(() => openBytes(journal) > 0)
  assert.deepEqual(readdirSync(journal), ['open.jsonl'])
  const rung = put.rung()
  await clock.advance(5 * 60_000)
  await rung
  const [key] = [...objects.keys()]
  assert.match(
    key!,
    /^audit\/p\/AWSLogs\/123456789012\/CloudTrail\/eu-central-1\/2026\/02\/03\/123456789012_CloudTrail_eu-central-1_20260203T0410Z_[A-Za-z0-9]{16}\.json\.gz$/,
  )
  assert.deepEqual(names(), ['a', 'b', 'c'])
})

test('a log file ends when it is long enough, and the next one begins', async (t) => {
  const { objects, put, record, names } = await fixture(t, { limits: { fileBytesMax: 100 } })
  for (const name of ['a', 'b', 'c']) {
    const rung = put.rung()
    record(name)
    await rung
  }
  assert.equal(objects.size, 3)
  assert.deepEqual(names(), ['a', 'b', 'c'])
})

test('what a server recorded that was killed is put by the next one, but for a line that was half written', async (t) => {
  const first = await fixture(t)
  first.record('kept')
  await until(() => openBytes(first.journal) > 0)
  appendFileSync(join(first.journal, 'open.jsonl'), '{"eventVersion":"1.11","userIden')
  const next = await fixture(t, { journal: first.journal })
  await next.trail.close()
  assert.deepEqual(next.names(), ['kept'])
  assert.ok(next.lines.some(({ message }) => message.includes('half-written')))
  assert.deepEqual(readdirSync(first.journal), [])
})

test('a file that could not be put waits on the disk for the next start, and keeps its name', async (t) => {
  const first = await fixture(t, { refuse: () => 'SlowDown' })
  first.record('kept')
  await first.trail.close()
  const [waiting] = readdirSync(first.journal)
  assert.match(waiting!, /_[A-Za-z0-9]{16}\.json\.gz\.jsonl$/)
  const next = await fixture(t, { journal: first.journal })
  await next.trail.close()
  assert.ok([...next.objects.keys()][0]!.endsWith(waiting!.replace(/\.jsonl$/, '')))
  assert.deepEqual(next.names(), ['kept'])
})

test('a bucket that refuses is asked again until the file is there', async (t) => {
  let left = 3
  const { trail, clock, put, lines, record, names } = await fixture(t, {
    refuse: () => (left-- > 0 ? 'SlowDown' : undefined),
  })
  record('a')
  await trail.rotate()
  const rung = put.rung()
  for (let refused = 1; refused <= 3; refused++) {
    await until(() => lines.filter(({ message }) => message.includes('cannot be stored')).length === refused)
    await clock.advance(10_000)
  }
  await rung
  assert.deepEqual(names(), ['a'])
})

test('a full disk refuses nothing: records wait in bounded memory, what finds no room is counted and told', async (t) => {
  let isFull = true
  const files: JournalFiles = {
    ...nodeJournalFiles,
    async create(path) {
      const file = await nodeJournalFiles.create(path)
      return {
        ...file,
        async append(bytes) {
          if (!isFull) return file.append(bytes)
          await file.append(bytes.subarray(0, 10)) // as far as there was room
          throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
        },
      }
    },
  }
  const { trail, clock, lines, record, names } = await fixture(t, { files, limits: { queuedBytesMax: 5000 } })
  for (let i = 0; i < 100; i++) record(`s${i}`)
  await until(() => lines.some(({ message }) => message.includes('cannot be written')))
  isFull = false
  await clock.advance(1000)
  await until(() => lines.some(({ message }) => message === 'audit records were lost'))
  record('later')
  await trail.close()
  const kept = names()
  assert.equal(kept.at(-1), 'later')
  const told = lines.find(({ message }) => message === 'audit records were lost')!
  assert.equal(Number(told.fields?.records) + kept.length, 101)
  assert.deepEqual(
    kept.slice(0, -1),
    Array.from({ length: kept.length - 1 }, (_, i) => `s${i}`),
  )
})

test('what is recorded is on the disk within a second', async (t) => {
  let syncs = 0
  const files: JournalFiles = {
    ...nodeJournalFiles,
    async create(path) {
      const file = await nodeJournalFiles.create(path)
      return { ...file, sync: () => file.sync().then(() => void syncs++) }
    },
  }
  const { clock, record, journal } = await fixture(t, { files })
  record('a')
  record('b')
  await until(() => openBytes(journal) > 0)
  assert.equal(syncs, 0)
  await clock.advance(999)
  assert.equal(syncs, 0)
  await clock.advance(1)
  await until(() => syncs === 1)
})

test('data events are recorded where they are selected, and asked for nowhere else', async (t) => {
  const one = 'arn:aws:kinesis:eu-central-1:123456789012:stream/one'
  const two = 'arn:aws:kinesis:eu-central-1:123456789012:stream/two'
  const chosen = await fixture(t, { dataEvents: dataSelectionFrom(`${one},arn:aws:dynamodb:`) })
  chosen.trail.record(callOf('one', streams.putRecord, [one]))
  chosen.trail.record(callOf('two', streams.putRecord, [two]))
  chosen.record('managed')
  await chosen.trail.close()
  assert.deepEqual(chosen.names(), ['one', 'managed'])
  const none = await fixture(t)
  assert.equal(none.trail.concerns(kinesis, streams.putRecords as AnyOperation), false)
  assert.equal(none.trail.concerns(kinesis, streams.describeStream as AnyOperation), true)
  await none.trail.close()
})

test('nothing recorded leaves no file', async (t) => {
  const { trail, objects, journal } = await fixture(t)
  await trail.close()
  assert.equal(objects.size, 0)
  assert.ok(!existsSync(join(journal, 'open.jsonl')))
})

test('options that cannot be meant are refused with what they must be', () => {
  assert.deepEqual(destinationFrom('s3://my-bucket/a/b'), { bucket: 'my-bucket', prefix: 'a/b/' })
  assert.deepEqual(destinationFrom('s3://my-bucket'), { bucket: 'my-bucket', prefix: '' })
  assert.deepEqual(destinationFrom('/var/trail'), { folder: '/var/trail' })
  for (const text of ['', 's3://', 's3://B_/x', 'http://x/'])
    assert.throws(() => destinationFrom(text), /s3:\/\/BUCKET/)
  for (const text of ['', 'some', 'arn:aws:a,b']) assert.throws(() => dataSelectionFrom(text), /beginnings of ARNs/)
})
