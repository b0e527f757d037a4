import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { linesOf, numbered } from './testing/agent-fixture.ts'
import { AgentBench } from './testing/agent-process.ts'

test('millrace agent tails a file into a stream, ends with SIGTERM, and goes on where it was', async () => {
  const bench = await AgentBench.open('logs')
  try {
    bench.configure([{ filePattern: bench.path('*.log'), kinesisStream: 'logs', initialPosition: 'START_OF_FILE' }])
    writeFileSync(bench.path('a.log'), numbered(0, 2000))
    const first = await bench.start()
    assert.equal((await bench.records('logs', 2000)).length, 2000)
    first.child.kill('SIGTERM')
    assert.deepEqual(await once(first.child, 'exit'), [0, null])
    assert.match(first.output(), /1 files, 2,000 read, 2,000 sent, [\d,]+\/s, 0 pending, 0 B behind, 0 errors\n$/)
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
