import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { ManualClock, silentLogger } from '@millrace/ports'
import { emptySignature } from '../files/signature.ts'
import { CheckpointStore } from './checkpoint-store.ts'
import { nodeStateFile } from './state-file.ts'
import { lockState } from './state-lock.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-agent-state-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const clock = new ManualClock()
const checkpoint = (id: string, offset: number) => ({
  flow: 'f',
  id,
  path: `/logs/${id}`,
  offset,
  head: { length: 3, digest: 'abc' },
  tail: emptySignature,
  atMs: clock.nowMs(),
  isFinished: false,
})

const open = (path: string, timeToLiveMs = 7 * 86_400_000) =>
  CheckpointStore.open(
    nodeStateFile(path, () => 5),
    { clock, logger: silentLogger, flows: ['f'], timeToLiveMs },
  )

test('checkpoints are there again, the newest of each file, until they are forgotten or too old', async () => {
  const path = join(folder, 'deep', 'er', 'state')
  const first = await open(path)
  assert.equal(first.knowsFlow('f'), false)
  await first.startFlow('f')
  await Promise.all([1, 2, 3].flatMap((n) => [first.save(checkpoint('a', n)), first.save(checkpoint('b', n))]))
  await first.forget('f', 'b')
  await first.close()
  const second = await open(path)
  assert.equal(second.knowsFlow('f'), true)
  assert.deepEqual(second.find('f', 'a'), checkpoint('a', 3))
  assert.equal(second.find('f', 'b'), undefined)
  assert.equal(second.find('g', 'a'), undefined)
  await second.close()
  const third = await open(path, -1)
  assert.deepEqual(third.ofFlow('f'), [])
  await third.close()
})

test('the file stays short, however often checkpoints are saved', async () => {
  const path = join(folder, 'long')
  const store = await open(path)
  for (let n = 0; n < 500; n++)
    await Promise.all(Array.from({ length: 20 }, (_, i) => store.save(checkpoint(`${i}`, n))))
  await store.close()
  const { length } = readFileSync(path)
  assert.ok(length < 1.3 * 1024 * 1024, `${length} bytes for 20 checkpoints`)
  const again = await open(path)
  assert.equal(again.find('f', '7')?.offset, 499)
  await again.close()
  assert.ok(readFileSync(path).length < 10_000)
})

test('damage in the middle costs the damaged line alone, and the file is put aside', async () => {
  const path = join(folder, 'damaged')
  const store = await open(path)
  for (const id of ['a', 'b', 'c']) await store.save(checkpoint(id, 9))
  await store.close()
  writeFileSync(path, readFileSync(path, 'utf8').replace('"id":"b"', '"id":"B"'))
  const again = await open(path)
  assert.deepEqual(
    again.ofFlow('f').map(({ id }) => id),
    ['a', 'c'],
  )
  assert.equal(again.knowsFlow('f'), true)
  await again.close()
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith('damaged.')),
    ['damaged.corrupt-5'],
  )
})

test('a state is for one process; one that died leaves it to the next', () => {
  const path = join(folder, 'locked')
  const { pid } = spawnSync(process.execPath, ['-e', ''])
  writeFileSync(`${path}.lock`, `${pid}\n`)
  const release = lockState(path)
  assert.equal(readFileSync(`${path}.lock`, 'utf8'), `${process.pid}\n`)
  release()
  assert.equal(existsSync(`${path}.lock`), false)
  writeFileSync(`${path}.lock`, `${process.ppid}\n`)
  assert.throws(() => lockState(path), new RegExp(`in use by process ${process.ppid}`))
})

test('a state that is a folder, or below what holds no folders, is told by its name', async () => {
  await assert.rejects(nodeStateFile(folder, () => 5).read(), (error: Error) => error.message.startsWith(`${folder} `))
  const file = join(folder, 'a-file')
  writeFileSync(file, '')
  for (const path of [join(file, 'deep', 'state'), ...(process.platform === 'linux' ? ['/proc/deep/er/state'] : [])])
    assert.throws(() => lockState(path), /cannot be made \(.*\); give this agent another --state/, path)
})
