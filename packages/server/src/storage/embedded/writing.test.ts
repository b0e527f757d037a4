import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { ManualClock } from '@millrace/ports'
import { listed } from '../contract.ts'
import { batchOf, StorageFailed } from '../log.ts'
import { DataFolderError } from './data-folder.ts'
import { faultyDisk } from './faulty-disk.ts'
import { openIn, temporaryDirectory } from './fixture.ts'

const everything = { bytesMax: 1 << 30, entriesMax: 1 << 30 }
const options = { retentionMs: 3_600_000 }
const one = (text: string) => batchOf([Buffer.from(text)])

for (const call of ['append', 'dataSync', 'create', 'syncDirectory'] as const) {
  test(`when a disk's ${call} fails once, at whichever call, nothing is acknowledged falsely and writing goes on`, async () => {
    for (let failing = 1; failing <= 8; failing++) {
      const directory = temporaryDirectory()
      let calls = 0
      let armed = false
      const failedFiles = new Set<string>()
      const fileSystem = faultyDisk((called, path) => {
        if (called === 'dataSync' || called === 'append')
          assert.ok(!failedFiles.has(path), `${path} is not touched again`)
        if (!armed || called !== call || (!path.endsWith('.segment') && !path.endsWith('/log'))) return false
        if (++calls !== failing) return false
        if (path.endsWith('.segment')) failedFiles.add(path)
        return true
      })
      let storage = await openIn(directory, { fileSystem, segmentBytesMax: 256 })
      await storage.log.create('a', options)
      armed = true
      const acknowledged: string[] = []
      for (let i = 0; i < 12; i++) {
        try {
          const { firstOffset } = await storage.log.append('a', one(`entry ${i}`))
          acknowledged.push(`${firstOffset} entry ${i}`)
        } catch (error) {
          assert.ok(error instanceof StorageFailed)
        }
        assert.deepEqual(listed(await storage.log.read('a', 0, everything)), acknowledged)
      }
      assert.ok(acknowledged.length >= 11)
      storage = await storage.reopen()
      assert.deepEqual(listed(await storage.log.read('a', 0, everything)), acknowledged, `failing call ${failing}`)
      await storage.close()
    }
  })
}

test('a map whose write fails refuses that change, and takes a later one', async () => {
  for (const failing of [
    ['append'],
    ['dataSync'],
    ['append', 'create'],
    ['append', 'rename'],
    ['dataSync', 'syncDirectory'],
  ]) {
    let left: string[] = []
    const fileSystem = faultyDisk((call, path) => {
      if (left[0] !== call || !path.includes('/catalog')) return false
      left = left.slice(1)
      return true
    })
    let storage = await openIn(temporaryDirectory(), { fileSystem })
    const first = (await storage.catalog.put('k', 1, 0))!
    left = failing
    for (const _ of failing) await assert.rejects(storage.catalog.put('k', 2, first), StorageFailed)
    assert.equal(storage.catalog.get('k')?.value, 1)
    assert.ok((await storage.catalog.put('k', 3, first))! > first)
    storage = await storage.reopen()
    assert.equal(storage.catalog.get('k')?.value, 3)
    await storage.close()
  }
})

test('a segment whose index could not be written is read, and goes when it has expired', async () => {
  let isFull = true
  const fileSystem = faultyDisk((call, path) => isFull && call === 'append' && path.endsWith('.index.new'))
  const clock = new ManualClock()
  const directory = temporaryDirectory()
  const storage = await openIn(directory, { fileSystem, clock, segmentBytesMax: 1 })
  await storage.log.create('a', options)
  for (let i = 0; i < 4; i++) await storage.log.append('a', one(`entry ${i}`))
  assert.equal(listed(await storage.log.read('a', 0, everything)).length, 4)
  isFull = false
  await clock.advance(options.retentionMs + 1)
  assert.ok((await storage.sweep()) >= 3)
  assert.deepEqual(
    readdirSync(`${directory}/log`).filter((name) => /^000000000[123]/.test(name)),
    [],
  )
  await storage.close()
})

test('a disk that is full to the last byte is no hindrance to the sweep that makes space', async () => {
  let isFull = false
  const full = faultyDisk((call) => isFull && call === 'append')
  const remove = async (path: string) => {
    await full.remove(path)
    if (path.endsWith('.index')) isFull = false
  }
  const clock = new ManualClock()
  const storage = await openIn(temporaryDirectory(), { fileSystem: { ...full, remove }, clock, segmentBytesMax: 1 })
  await storage.log.create('a', options)
  for (let i = 0; i < 4; i++) await storage.log.append('a', one(`entry ${i}`))
  isFull = true
  await assert.rejects(storage.log.append('a', one('refused')), StorageFailed)
  await clock.advance(options.retentionMs + 1)
  await storage.sweep()
  assert.equal((await storage.log.append('a', one('taken'))).firstOffset, 4)
  await storage.close()
})

test('a thousand logs are made by a few syncs', async () => {
  let syncs = 0
  const fileSystem = faultyDisk((call) => {
    if (call === 'dataSync') syncs++
    return false
  })
  const storage = await openIn(temporaryDirectory(), { fileSystem })
  const before = syncs
  await Promise.all(Array.from({ length: 1000 }, (_, i) => storage.log.create(`log ${i}`, options)))
  assert.ok(syncs - before <= 5, `${syncs - before} syncs`)
  await storage.close()
})

test('what arrives while one sync runs goes out with the next', async () => {
  let syncs = 0
  const fileSystem = faultyDisk((call, path) => {
    if (call === 'dataSync' && path.endsWith('.segment')) syncs++
    return false
  })
  const storage = await openIn(temporaryDirectory(), { fileSystem })
  await Promise.all(['a', 'b', 'c', 'd'].map((id) => storage.log.create(id, options)))
  await Promise.all(Array.from({ length: 1000 }, (_, i) => storage.log.append('abcd'[i % 4]!, one(`${i}`))))
  assert.ok(syncs <= 4, `${syncs} syncs`)
  await storage.close()
})

test('a folder in use is refused, and free after it is closed', async () => {
  const directory = temporaryDirectory()
  const storage = await openIn(directory)
  await assert.rejects(openIn(directory), (error) => {
    assert.ok(error instanceof DataFolderError)
    assert.match(error.message, new RegExp(`^data folder .* is in use by process ${process.pid}: `))
    return true
  })
  await storage.close()
  await (await openIn(directory)).close()
})

test('after close nothing is written any more', async () => {
  const storage = await openIn(temporaryDirectory())
  await storage.log.create('a', options)
  const pending = storage.log.append('a', one('in time'))
  await storage.close()
  assert.equal((await pending).firstOffset, 0)
  await assert.rejects(storage.log.append('a', one('late')), StorageFailed)
})

const writer = `
import { openEmbedded } from ${JSON.stringify(new URL('./open.ts', import.meta.url).href)}
import { systemClock } from ${JSON.stringify(import.meta.resolve('@millrace/ports'))}
const [directory] = process.argv.slice(1)
const storage = await openEmbedded({
  directory, durability: 'fsync', clock: systemClock, logger: { log() {} }, segmentBytesMax: 20_000,
})
await Promise.all(['a', 'b', 'c'].map((id) => storage.log.create(id, { retentionMs: 3_600_000 })))
for (let i = 0; ; i++) {
  await Promise.all(['a', 'b', 'c'].map(async (id) => {
    const text = id + ' ' + process.pid + ' ' + i + ' ' + 'x'.repeat(i % 300)
    const bytes = Buffer.from(text)
    const { firstOffset } = await storage.log.append(id, { bytes, positions: Uint32Array.of(0, bytes.length) })
    process.stdout.write(id + '/' + firstOffset + ' ' + text + '\\n')
  }))
}
`

test('after kill -9 at any moment all that was acknowledged is there, once and in order, at once', async () => {
  const directory = temporaryDirectory()
  const acknowledged = new Map<string, string>()
  for (let round = 0; round < 4; round++) {
    const arguments_ = ['--input-type=module', '--eval', writer, directory]
    const child = spawn(process.execPath, arguments_, { stdio: ['ignore', 'pipe', 'inherit'] })
    const exited = once(child, 'exit')
    let lines = 0
    for await (const line of createInterface({ input: child.stdout })) {
      const at = line.indexOf(' ')
      if (!line.endsWith('x') && !/ \d+ $/.test(line)) continue // cut by the kill
      acknowledged.set(line.slice(0, at), line.slice(at + 1))
      if (++lines === 150 + 217 * round) child.kill('SIGKILL')
    }
    await exited
    assert.ok(existsSync(`${directory}/lock`), 'the killed process left its lock')
    const storage = await openIn(directory)
    for (const id of ['a', 'b', 'c']) {
      const found = listed(await storage.log.read(id, 0, everything))
      const texts = new Set(found)
      assert.equal(texts.size, found.length)
      for (const [i, line] of found.entries()) assert.ok(line.startsWith(`${i} ${id} `), line)
      for (const [key, text] of acknowledged)
        if (key.startsWith(`${id}/`)) assert.ok(texts.has(`${key.slice(2)} ${text}`), `${key} ${text}`)
    }
    await storage.close()
  }
})

test('the lock file of a process that is gone is no hindrance, nor one with nonsense in it', async () => {
  const directory = temporaryDirectory()
  for (const text of [
    '{"pid":999999999,"started":"never"}',
    `{"pid":${process.ppid},"started":"another life"}`,
    '',
    '{',
  ]) {
    writeFileSync(`${directory}/lock`, text)
    await (await openIn(directory)).close()
  }
})
