import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { AgentFixture, linesOf, numbered } from './testing/agent-fixture.ts'

/** The records that an agent with this flow makes of a file. */
async function recordsOf(contents: string | Buffer, flow: Record<string, unknown> = {}): Promise<string[]> {
  const fixture = await AgentFixture.start(flow, ({ files }) => files.write('/logs/app.log', contents))
  await fixture.settle()
  await fixture.stop()
  return fixture.lines
}

test('bytes are sent as they are: NUL, CRLF, what is not UTF-8, empty lines', async () => {
  const contents = Buffer.from('a\0b\r\n\n\xff\xfe\xc3\n\u00e9\n', 'latin1')
  assert.deepEqual(await recordsOf(contents), ['a\0b\r\n', '\n', '\xff\xfe\xc3\n', '\xe9\n'])
})

test('a line that is longer than a record is cut, and ends with truncatedRecordTerminator', async () => {
  const long = 'x'.repeat(3_000_000)
  for (const [terminator, flow] of [
    ['\n', {}],
    ['[cut]', { truncatedRecordTerminator: '[cut]' }],
  ] as const) {
    const records = await recordsOf(`before\n${long}\nafter\n`, flow)
    assert.deepEqual(
      records.map(({ length }) => length),
      [7, 1024 * 1024 - 32, 6],
    )
    assert.ok(records[1]!.startsWith('xxx') && records[1]!.endsWith(`x${terminator}`))
  }
})

test('a line without an end that grows beyond a record takes no more memory than a record', async () => {
  const fixture = await AgentFixture.start({}, ({ files }) => files.write('/logs/app.log', 'first\n'))
  for (let i = 0; i < 30; i++) {
    fixture.files.append('/logs/app.log', 'x'.repeat(200_000))
    await fixture.settle(1000)
  }
  fixture.files.append('/logs/app.log', '\nlast\n')
  await fixture.settle()
  assert.deepEqual(
    fixture.lines.map(({ length }) => length),
    [6, 1024 * 1024 - 32, 5],
  )
  await fixture.stop()
})

test('the largest records and the largest batches are what the service takes', async () => {
  const fixture = await AgentFixture.start({}, ({ files }) => {
    files.write('/logs/app.log', `${'x'.repeat(700_000)}\n`.repeat(20) + numbered(0, 600))
  })
  await fixture.settle()
  for (const call of fixture.sink.calls) {
    const bytes = call.reduce((sum, record) => sum + record.length + 32, 0)
    assert.ok(bytes <= 5 * 1024 * 1024 && call.length <= 500, `${bytes} bytes in ${call.length} records`)
  }
  assert.equal(fixture.sink.calls[0]!.length, 7)
  assert.equal(fixture.lines.length, 620)
  await fixture.stop()
})

test('skipHeaderLines leaves out the first lines of every file, and of no file twice', async () => {
  const flow = { skipHeaderLines: 2, filePattern: '/logs/*.log' }
  const first = await AgentFixture.start(flow, ({ files }) => files.write('/logs/a.log', 'h1\nh2\na1\na2\n'))
  first.files.write('/logs/b.log', 'h1\n')
  await first.settle()
  first.files.append('/logs/b.log', 'h2\nb1\n')
  await first.settle()
  await first.stop()
  first.files.append('/logs/a.log', 'a3\n')
  const second = await first.restart(flow)
  await second.settle()
  assert.deepEqual([...first.lines, ...second.lines], ['a1\n', 'a2\n', 'b1\n', 'a3\n'])
  await second.stop()
})

test('after a line that matches fileFooterPattern nothing of the file is sent, also not after a restart', async () => {
  const flow = { fileFooterPattern: '#END.*', filePattern: '/logs/*.log' }
  const first = await AgentFixture.start(flow, ({ files }) => files.write('/logs/a.log', 'one\n#END of it\ntwo\n'))
  await first.settle()
  first.files.append('/logs/a.log', 'three\n')
  await first.settle()
  await first.stop()
  const second = await first.restart(flow)
  second.files.write('/logs/b.log', 'next\n')
  await second.settle()
  assert.deepEqual([...first.lines, ...second.lines], ['one\n', 'next\n'])
  await second.stop()
})

test('multiLineStartPattern: a record goes from one line that it matches to the next', async () => {
  const trace = (i: number) => `2026-11-21 ERROR ${i}\n  at a(b.c:1)\n  at d(e.f:2)\n`
  const fixture = await AgentFixture.start({ multiLineStartPattern: '\\d{4}-\\d{2}-\\d{2} ' }, ({ files }) =>
    files.write('/logs/app.log', `before all\n${trace(1)}${trace(2)}2026-11-21 INFO done\n`),
  )
  await fixture.settle(900)
  assert.deepEqual(fixture.lines, [])
  await fixture.settle(10_000)
  assert.deepEqual(fixture.lines, ['before all\n', trace(1), trace(2), '2026-11-21 INFO done\n'])
  fixture.files.append('/logs/app.log', trace(3).slice(0, 30))
  await fixture.settle(10_000)
  fixture.files.append('/logs/app.log', trace(3).slice(30))
  await fixture.settle(10_000)
  assert.equal(fixture.lines.slice(4).join(''), trace(3))
  await fixture.stop()
})

test('a multi-line record that never ends is cut, and the next one is whole', async () => {
  const records = await recordsOf(`START a\n${`${'y'.repeat(999)}\n`.repeat(3000)}START b\nrest\n`, {
    multiLineStartPattern: 'START',
  })
  assert.deepEqual(
    records.map(({ length }) => length),
    [1024 * 1024 - 32, 13],
  )
})

test('partition keys: a random fraction as text, or the MD5 of the data', async () => {
  const keys: string[] = []
  for (const partitionKeyOption of ['RANDOM', 'DETERMINISTIC']) {
    const fixture = await AgentFixture.start({ partitionKeyOption }, ({ files, sink }) => {
      files.write('/logs/app.log', 'x\n')
      sink.answer = async (records) => {
        keys.push(records[0]!.PartitionKey)
        return { records: [], reason: '' }
      }
    })
    await fixture.settle()
    await fixture.stop()
  }
  assert.deepEqual(keys, ['0', createHash('md5').update('x\n').digest('hex')])
})

test('maxBufferAgeMillis is the longest that a record waits for company', async () => {
  const fixture = await AgentFixture.start({ maxBufferAgeMillis: 20_000 }, ({ files }) =>
    files.write('/logs/app.log', 'one\n'),
  )
  await fixture.settle(15_000)
  assert.deepEqual(fixture.lines, [])
  fixture.files.append('/logs/app.log', 'two\n')
  await fixture.settle(7_000)
  assert.deepEqual(fixture.sink.calls, [['one\n', 'two\n']])
  await fixture.stop()
})

test('aggregatedRecordSizeBytes puts records for Firehose together, up to so many bytes', async () => {
  const flow = { kinesisStream: undefined, deliveryStream: 'd', aggregatedRecordSizeBytes: 20, maxBufferSizeRecords: 3 }
  const records = await recordsOf(numbered(0, 9), flow)
  assert.deepEqual(
    records,
    linesOf(numbered(0, 9)).flatMap((line, i, all) => (i % 2 === 0 ? [line + (all[i + 1] ?? '')] : [])),
  )
})

test('records that a conversion leaves out are passed over, also after a restart', async () => {
  const flow = {
    dataProcessingOptions: [{ optionName: 'LOGTOJSON', logFormat: 'SYSLOG' }],
  }
  const line = 'Jan 31 23:59:58 db-1 cron[417]: 3 jobs\n'
  const first = await AgentFixture.start(flow, ({ files }) => files.write('/logs/app.log', `no\n${line}no\nno\n`))
  await first.settle()
  await first.stop()
  assert.equal(first.lines.length, 1)
  assert.equal(first.agent.status.skipped, 3)
  const second = await first.restart(flow)
  await second.settle()
  assert.equal(second.agent.status.read, 0)
  await second.stop()
})
