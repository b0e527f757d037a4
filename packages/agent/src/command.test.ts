import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { appendFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { linesOf, numbered } from './testing/agent-fixture.ts'
import { AgentBench } from './testing/agent-process.ts'

test('millrace agent tails a file into a stream, ends with SIGTERM, and goes on where it was', async () => {
  const bench = await AgentBench.open('logs')
  try {
    const flow = { filePattern: bench.path('*.log'), kinesisStream: 'logs', initialPosition: 'START_OF_FILE' }
    bench.configure([flow], { 'cloudwatch.emitMetrics': true })
    writeFileSync(bench.path('a.log'), numbered(0, 2000))
    const first = await bench.start()
    assert.equal((await bench.records('logs', 2000)).length, 2000)
    first.child.kill('SIGTERM')
    assert.deepEqual(await once(first.child, 'exit'), [0, null])
    assert.match(first.output(), /1 files, 2,000 read, 2,000 sent, [\d,]+\/s, 0 pending, 0 B behind, 0 errors\n$/)
    const metrics = await bench.metrics('AWSKinesisAgent')
    assert.ok(metrics.includes('RecordsSent Destination=KinesisStream:logs'), metrics.join())
    appendFileSync(bench.path('a.log'), numbered(2000, 2100))
    await bench.start()
    assert.deepEqual(await bench.records('logs', 2100), linesOf(numbered(0, 2100)))
  } finally {
    await bench.close()
  }
})

test('a wrong option or configuration gets a line for each fault, and exit code 2', () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [join(import.meta.dirname, 'bin.ts'), ...args], { encoding: 'utf8' })
  const wrong = run('--config', '/nowhere/agent.json')
  assert.equal(wrong.status, 2)
  assert.match(wrong.stderr, /^millrace agent: \/nowhere\/agent\.json: cannot be read: ENOENT[^\n]*\n$/)
  const option = run('--conf')
  assert.equal(option.status, 2)
  assert.match(option.stderr, /^millrace agent: [^\n]*--conf[^\n]*\n$/)
  const help = run('--help')
  assert.equal(help.status, 0)
  assert.match(help.stdout, /Usage: millrace agent --config agent\.json/)
})

// AGENT_KILLS=50 for longer.
test('kill -9 at random moments: every line arrives, and of each file at most one batch for each kill twice', async (t) => {
  const [rounds, recordsMax] = [Number(process.env.AGENT_KILLS ?? 3), 200]
  const bench = await AgentBench.open('killed', 2)
  try {
    const flow = { kinesisStream: 'killed', initialPosition: 'START_OF_FILE', maxBufferSizeRecords: recordsMax }
    bench.configure([{ filePattern: bench.path('*.log*'), ...flow }])
    let written = 0
    const write = (lines: number) => {
      for (const name of ['a', 'b'])
        appendFileSync(bench.path(`${name}.log`), numbered(written, written + lines).replaceAll('line', name))
      written += lines
    }
    write(2000)
    for (let round = 0; round < rounds; round++) {
      const { child } = await bench.start()
      write(3000)
      if (round === 1) renameSync(bench.path('a.log'), bench.path('a.log.1'))
      await new Promise((resolve) => setTimeout(resolve, randomInt(20, 400)))
      write(500)
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    const { child } = await bench.start()
    await bench.records('killed', 2 * written)
    child.kill('SIGTERM')
    await once(child, 'exit')
    const records = await bench.records('killed', 2 * written)
    const lines = new Set(records)
    t.diagnostic(`${rounds} kills, ${2 * written} lines, ${records.length - lines.size} of them twice`)
    assert.equal(lines.size, 2 * written)
    for (const name of ['a', 'b'])
      for (let i = 0; i < written; i++) assert.ok(lines.has(`${name} ${i}\n`), `${name} ${i} is there`)
    assert.ok(records.length - lines.size <= rounds * 2 * recordsMax)
  } finally {
    await bench.close()
  }
})
