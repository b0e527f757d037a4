import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { temporaryDirectory } from '../storage/embedded/fixture.ts'
import { lockFile } from './process-lock.ts'

test('a lock is held until it is let go, its file is deleted, or another has taken it', async () => {
  const directory = temporaryDirectory()
  const lock = await taken(`${directory}/lock`)
  assert.equal(await lock.isHeld(), true)
  assert.deepEqual(await lockFile(`${directory}/lock`), { heldByPid: process.pid })
  rmSync(`${directory}/lock`)
  assert.equal(await lock.isHeld(), false)
  const next = await taken(`${directory}/lock`)
  assert.deepEqual([await lock.isHeld(), await next.isHeld()], [false, true])
  await lock.release()
  assert.equal(await next.isHeld(), true, 'who has lost it lets go of nothing')
  await next.release()
  assert.deepEqual(readdirSync(directory), [])
})

test('a lock whose folder is gone is not held', async () => {
  const directory = `${temporaryDirectory()}/data`
  mkdirSync(directory)
  const lock = await taken(`${directory}/lock`)
  rmSync(directory, { recursive: true })
  assert.equal(await lock.isHeld(), false)
  await lock.release()
})

test('a lock file that cannot be read is told, and not waited for', async () => {
  const directory = temporaryDirectory()
  mkdirSync(`${directory}/lock`)
  await assert.rejects(lockFile(`${directory}/lock`), /lock cannot be read: EISDIR/)
  assert.deepEqual(readdirSync(directory), ['lock'])
})

test('what a killed process left, or no process wrote, is taken over', async () => {
  const directory = temporaryDirectory()
  for (const left of [JSON.stringify({ pid: 2 ** 30, started: '' }), 'garbage', '']) {
    writeFileSync(`${directory}/lock`, left)
    const lock = await taken(`${directory}/lock`)
    await lock.release()
    assert.deepEqual(readdirSync(directory), [])
  }
})

async function taken(path: string) {
  const lock = await lockFile(path)
  assert.ok('isHeld' in lock)
  return lock
}
