import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { foregroundClock, noMetrics, silentLogger, systemRandom } from '@millrace/ports'
import { Agent } from './agent.ts'
import { readAgentConfig } from './config/agent-config.ts'
import { type FileSystem, nodeFileSystem } from './files/file-system.ts'
import { openFilesMax } from './files/flow-tracker.ts'
import { noneRefused, type Sink } from './sending/sink.ts'
import { CheckpointStore } from './state/checkpoint-store.ts'
import type { StateFile } from './state/state-file.ts'
import { AgentFixture, MemoryStateFile, RecordingSink } from './testing/agent-fixture.ts'

/** An agent on the machine's clock; `until` waits for what the sink has. */
async function run(
  flow: Record<string, unknown>,
  sink: Sink,
  state: StateFile,
  fileSystem: FileSystem,
  until: () => boolean,
) {
  const { config } = readAgentConfig(JSON.stringify({ flows: [{ kinesisStream: 's', ...flow }] }), 2)
  const clock = foregroundClock
  const context = { clock, logger: silentLogger, flows: [], timeToLiveMs: config.checkpointTimeToLiveMs }
  const store = await CheckpointStore.open(state, context)
  const ec2 = { current: () => undefined }
  const base = { config, clock, random: systemRandom, logger: silentLogger, metrics: noMetrics, fileSystem, store, ec2 }
  const agent = new Agent({ ...base, sinkOf: () => sink })
  await agent.start()
  while (!until()) await clock.sleep(5)
  await agent.stop()
  await store.close()
}

test('a file of 10 GB is followed from its end, and from where it was after a restart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-agent-large-'))
  try {
    const path = join(folder, 'app.log')
    writeFileSync(path, 'old\n')
    truncateSync(path, 10 * 2 ** 30)
    appendFileSync(path, '\nold too\n')
    const sink = new RecordingSink()
    const state = new MemoryStateFile()
    let isStarted = false
    await run({ filePattern: path }, sink, state, nodeFileSystem, () => {
      if (!isStarted) appendFileSync(path, 'one\ntwo\n')
      isStarted = true
      return sink.lines.length === 2
    })
    appendFileSync(path, 'three\n')
    await run(
      { filePattern: path },
      sink,
      new MemoryStateFile(state.bytes),
      nodeFileSystem,
      () => sink.lines.length > 2,
    )
    assert.deepEqual(sink.lines, ['one\n', 'two\n', 'three\n'])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('a large file takes as much memory as a small one', async (t) => {
  const line = Buffer.from(`${'x'.repeat(199)}\n`)
  const pattern = Buffer.alloc(200 * 4096, line)
  const sizeBytes = 200 * 600_000
  const stat = { id: '1:1', sizeBytes, modifiedMs: 1, links: 1, isFile: true }
  const synthetic: FileSystem = {
    stat: async () => stat,
    list: async () => [{ name: 'app.log', mayBeDirectory: false }],
    open: async () => ({
      stat: async () => stat,
      async read(into, position) {
        const start = position % pattern.length
        return pattern.copy(into, 0, start, start + Math.min(into.length, sizeBytes - position))
      },
      close: async () => {},
    }),
    watch: () => () => {},
  }
  let [records, mostBytes] = [0, 0]
  const sink: Sink = {
    name: 's',
    async put({ length }) {
      records += length
      if (records % 50_000 === 0) mostBytes = Math.max(mostBytes, process.memoryUsage.rss())
      return noneRefused
    },
  }
  const beforeBytes = process.memoryUsage.rss()
  const before = { ms: performance.now(), cpu: process.cpuUsage() }
  const flow = {
    filePattern: '/logs/app.log',
    initialPosition: 'START_OF_FILE',
    dataProcessingOptions: [{ optionName: 'SINGLELINE' }],
  }
  await run(flow, sink, new MemoryStateFile(), synthetic, () => records === 600_000)
  const { user, system } = process.cpuUsage(before.cpu)
  const grownMb = (mostBytes - beforeBytes) / 2 ** 20
  t.diagnostic(
    `600,000 lines of 200 B: ${((user + system) / 600_000).toFixed(2)} µs of CPU a line without the sending, ` +
      `${(600 / (performance.now() - before.ms)).toFixed(2)} million lines/s, ${grownMb.toFixed(0)} MB more memory for 114 MB`,
  )
  assert.ok(grownMb < 150)
})

test('a thousand files: all are read, few are kept open, and what is added to any is sent', async () => {
  const fixture = await AgentFixture.start({ filePattern: '/logs/*.log' }, ({ files }) => {
    files.givesHints = true
    for (let i = 0; i < 1000; i++) files.write(`/logs/${i}.log`, `first of ${i}\n`)
  })
  await fixture.settle(12_000)
  assert.equal(new Set(fixture.lines).size, 1000)
  for (let i = 0; i < 1000; i += 7) fixture.files.append(`/logs/${i}.log`, `second of ${i}\n`)
  await fixture.settle(12_000)
  assert.equal(fixture.lines.length, 1000 + 143)
  assert.ok(fixture.files.openFiles <= openFilesMax, `${fixture.files.openFiles} files are open`)
  const readBytes = fixture.files.readBytes
  await fixture.settle(60_000)
  assert.equal(fixture.files.readBytes, readBytes, 'idle files are not read')
  await fixture.stop()
})
