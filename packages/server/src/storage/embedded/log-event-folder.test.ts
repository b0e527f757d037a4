import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { type TestContext, test } from 'node:test'
import { silentLogger } from '@millrace/ports'
import { nodeFileSystem } from './file-system.ts'
import { LogEventFolder, type LogEventLimits } from './log-event-folder.ts'

function temporary(t: TestContext) {
  const path = mkdtempSync(join(tmpdir(), 'millrace-logs-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const files = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort()

const event = (message: string) => ({ timestampMs: 1, message })

const limits: LogEventLimits = { fileBytesMax: 1000, logStreamsMax: 3, queuedBytesMax: 10_000 }

test('an event is a line in the file of its log stream, in the order in which they came', async (t) => {
  const folder = temporary(t)
  const events = new LogEventFolder(folder, silentLogger)
  for (let i = 0; i < 100; i++) events.put('/aws/kinesisfirehose/orders', 'DestinationDelivery', event(`{"i":${i}}`))
  await events.stop()
  events.put('/aws/kinesisfirehose/orders', 'DestinationDelivery', event('later'))
  await events.stop()
  const path = 'aws/kinesisfirehose/orders/DestinationDelivery.jsonl'
  assert.deepEqual(files(folder), [path])
  const lines = readFileSync(join(folder, path), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.equal(lines.length, 101)
  assert.deepEqual(lines[7], { timestamp: 1, message: '{"i":7}' })
  assert.equal(lines[100].message, 'later')
})

test('no name of a group or stream leads out of the folder, or is one that the disk does not take', async (t) => {
  const folder = temporary(t)
  const events = new LogEventFolder(join(folder, 'logs'), silentLogger)
  const names = ['..', '.', '../../x', 'a/b', 'a\0b', 'ü ', 'x'.repeat(512), `${'x'.repeat(511)}y`, '']
  for (const name of names) events.put('../..//g', name, event(name))
  await events.stop()
  const found = files(folder)
  assert.equal(found.length, names.length)
  for (const path of found) assert.match(path, /^logs\/%2E%2E\/%2E%2E\/g\/[A-Za-z0-9._%#-]{0,200}\.jsonl$/)
})

test('a log takes no more room than two files, and keeps the newest lines', async (t) => {
  const folder = temporary(t)
  const events = new LogEventFolder(folder, silentLogger, nodeFileSystem, limits)
  for (let i = 0; i < 100; i++) {
    events.put('g', 's', event(`${i} ${'x'.repeat(100)}`))
    await events.stop()
  }
  assert.deepEqual(files(folder), ['g/s.jsonl', 'g/s.jsonl.1'])
  const [now, before] = ['g/s.jsonl', 'g/s.jsonl.1'].map((path) => readFileSync(join(folder, path), 'utf8'))
  assert.ok(before!.length < 1200 && now!.length < 1200)
  assert.match(now!.trimEnd().split('\n').at(-1)!, /"99 /)
})

test('what finds no room, in memory or on the disk, is left out, told of, and harms nobody', async (t) => {
  const folder = temporary(t)
  const told: unknown[] = []
  const logger = { log: (_: string, message: string, facts?: object) => void told.push([message, facts]) }
  const events = new LogEventFolder(folder, logger, nodeFileSystem, limits)
  for (let i = 0; i < 200; i++) events.put('g', 's', event('x'.repeat(100)))
  await events.stop()
  assert.equal(told.length, 1)
  const [[message, facts]] = told as [[string, { events: number }]]
  assert.equal(message, 'events of logs were left out')
  assert.equal(readFileSync(join(folder, 'g/s.jsonl.1'), 'utf8').trimEnd().split('\n').length, 200 - facts.events)
  for (const name of ['t', 'u', 'v']) events.put('g', name, event('a'))
  await events.stop()
  assert.deepEqual(files(folder), ['g/s.jsonl.1', 'g/t.jsonl', 'g/u.jsonl'])
  writeFileSync(join(folder, 'file'), '')
  const other = new LogEventFolder(folder, logger)
  other.put('file', 's', event('a'))
  other.put('g', 'after', event('a'))
  await other.stop()
  assert.ok(files(folder).includes('g/after.jsonl'))
})
