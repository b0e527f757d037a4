import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ManualClock } from '@millrace/ports'
import { lookEveryMs, watchFiles } from './file-watch.ts'

test('a file that is written, replaced, removed, or behind a link that turns, is seen to change; nothing else is', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'watch-'))
  t.after(() => rm(folder, { recursive: true }))
  await mkdir(`${folder}/v1`)
  await mkdir(`${folder}/v2`)
  await writeFile(`${folder}/v1/b`, 'one')
  await writeFile(`${folder}/v2/b`, 'two')
  await symlink('v1', `${folder}/data`)
  await writeFile(`${folder}/a`, 'a')
  const clock = new ManualClock()
  let changes = 0
  let told = () => {}
  const stop = watchFiles([`${folder}/a`, `${folder}/data/b`], clock, () => {
    changes++
    told()
  })
  const seen = async (change: () => Promise<void>) => {
    const next = new Promise<void>((resolve) => {
      told = resolve
    })
    await change()
    await Promise.race([next, looks(clock)])
  }
  await looks(clock)
  assert.equal(changes, 0, 'nothing has changed')
  await seen(() => writeFile(`${folder}/a`, 'other'))
  assert.equal(changes, 1)
  await seen(async () => {
    await writeFile(`${folder}/new`, 'third')
    await rename(`${folder}/new`, `${folder}/a`)
  })
  assert.equal(changes, 2)
  await seen(async () => {
    await symlink('v2', `${folder}/turned`)
    await rename(`${folder}/turned`, `${folder}/data`)
  })
  assert.equal(changes, 3)
  await seen(() => rm(`${folder}/a`))
  assert.equal(changes, 4)
  stop()
  await writeFile(`${folder}/a`, 'again')
  await looks(clock)
  assert.equal(changes, 4, 'it was stopped')
})

/** Some looks, with what the disk needs between them. */
async function looks(clock: ManualClock): Promise<void> {
  for (let look = 0; look < 20; look++) {
    await clock.advance(lookEveryMs)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
