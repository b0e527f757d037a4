import assert from 'node:assert/strict'
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { test } from 'node:test'
import { ManualClock } from '@millrace/ports'
import { batchOf, StorageFailed } from '../log.ts'
import { allOf, KeptLogger, openIn, temporaryDirectory } from './fixture.ts'
import { lookAgainMs } from './folder-guard.ts'

const hourMs = 3_600_000
const gone = /was deleted, moved away or replaced under this server/

/** A storage with one log in a folder on the machine's disk, and the folder's way out of its hands. */
async function opened(directory = `${temporaryDirectory()}/data`) {
  const clock = new ManualClock()
  const logger = new KeptLogger()
  const storage = await openIn(directory, { clock, logger })
  await storage.log.create('a', { retentionMs: hourMs })
  const put = (text: string) => storage.log.append('a', batchOf([Buffer.from(text)]))
  return { directory, clock, storage, logger, put }
}

test('while its folder is deleted nothing is acknowledged, what was is still read, and it is told once', async () => {
  const { directory, storage, clock, logger, put } = await opened()
  await put('before')
  rmSync(directory, { recursive: true })
  await clock.advance(lookAgainMs)
  for (const _ of [1, 2])
    await assert.rejects(put('after'), (error) => error instanceof StorageFailed && gone.test(error.message))
  await assert.rejects(storage.catalog.put('key', 1, 0), gone)
  assert.equal((await storage.log.bounds('a')).end, 1)
  assert.deepEqual([logger.lines[0]!.level, gone.test(logger.lines[0]!.message)], ['error', true])
  await storage.close()
  assert.equal(existsSync(directory), false)
})

test('a folder that is moved away and back is written to again, and has all that was acknowledged', async () => {
  const { directory, storage, clock, logger, put } = await opened()
  await put('before')
  renameSync(directory, `${directory}.away`)
  await clock.advance(lookAgainMs)
  await assert.rejects(put('meanwhile'), gone)
  renameSync(`${directory}.away`, directory)
  await clock.advance(lookAgainMs)
  await put('after')
  assert.match(logger.lines.at(-1)!.message, /is back/)
  await storage.close()
  const again = await openIn(directory)
  assert.deepEqual(await allOf(again.log, 'a'), ['0 before', '1 after'])
  await again.close()
})

test('in a folder that another server has made in its place it makes, renames and removes no file', async () => {
  const { directory, storage, put } = await opened()
  rmSync(directory, { recursive: true })
  const other = await opened(directory)
  const names = readdirSync(`${directory}/log`)
  await assert.rejects(put('needs a segment'), gone) // the clock stands still: it looks before it makes one
  assert.deepEqual(readdirSync(`${directory}/log`), names)
  await storage.close()
  await other.put('first')
  await other.storage.close()
  const again = await openIn(directory)
  assert.deepEqual(await allOf(again.log, 'a'), ['0 first'])
  await again.close()
})
