import assert from 'node:assert/strict'
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { foregroundClock, noMetrics, silentLogger, systemRandom } from '@millrace/ports'
import { Agent } from './agent.ts'
import { readAgentConfig } from './config/agent-config.ts'
import { nodeFileSystem } from './files/file-system.ts'
import { CheckpointStore } from './state/checkpoint-store.ts'
import { linesOf, MemoryStateFile, numbered, RecordingSink } from './testing/agent-fixture.ts'

/* The same as rotation.test.ts, on the machine's disk with its hints, while lines are written all the time. */

const rotations = {
  /** As logrotate's `create`: the writer goes on with the old file until it is told. */
  rename(path: string, fd: number, write: (fd: number) => void): number {
    for (let n = 8; n >= 1; n--) if (existsSync(`${path}.${n}`)) renameSync(`${path}.${n}`, `${path}.${n + 1}`)
    renameSync(path, `${path}.1`)
    write(fd)
    closeSync(fd)
    return openSync(path, 'a')
  },
  /** As logrotate's `copytruncate`. */
  copyTruncate(path: string, fd: number, write: (fd: number) => void): number {
    for (let n = 8; n >= 1; n--) if (existsSync(`${path}.${n}`)) renameSync(`${path}.${n}`, `${path}.${n + 1}`)
    write(fd)
    copyFileSync(path, `${path}.1`)
    truncateSync(path)
    return fd
  },
}

for (const [name, rotate] of Object.entries(rotations))
  test(`${name}, on the machine's disk, under a writer: all lines, and once`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-agent-rotation-'))
    const clock = foregroundClock
    const sink = new RecordingSink()
    const flow = { filePattern: join(folder, 'app.log*'), kinesisStream: 's', initialPosition: 'START_OF_FILE' }
    const { config } = readAgentConfig(JSON.stringify({ flows: [flow] }), 2)
    const options = { clock, logger: silentLogger, flows: [], timeToLiveMs: 1e9 }
    const store = await CheckpointStore.open(new MemoryStateFile(), options)
    const ec2 = { current: () => undefined }
    const base = { config, clock, random: systemRandom, logger: silentLogger, metrics: noMetrics, store, ec2 }
    const agent = new Agent({ ...base, fileSystem: nodeFileSystem, sinkOf: () => sink })
    await agent.start()
    try {
      let written = 0
      const path = join(folder, 'app.log')
      let fd = openSync(path, 'a')
      const write = (to: number) => {
        writeSync(to, numbered(written, written + 20))
        written += 20
      }
      for (let round = 0; round < 6; round++) {
        for (let i = 0; i < 10; i++) {
          write(fd)
          await clock.sleep(10)
        }
        fd = rotate(path, fd, write)
      }
      write(fd)
      closeSync(fd)
      const deadlineMs = clock.monotonicMs() + 120_000
      while (sink.lines.length < written && clock.monotonicMs() < deadlineMs) await clock.sleep(20)
      await clock.sleep(300)
      // Rotated faster than anyone looks, files are read in no order; each is in its own.
      assert.deepEqual(new Set(sink.lines), new Set(linesOf(numbered(0, written))))
      assert.equal(sink.lines.length, written)
    } finally {
      await agent.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  })
