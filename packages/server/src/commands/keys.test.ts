import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { ManualClock, systemRandom } from '@millrace/ports'
import { keysCommand } from './keys.ts'

/** The command on a keyring of its own: what it printed, or what it complained of. */
function fixture(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-keys-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const clock = new ManualClock()
  const run = async (...args: string[]) => {
    let printed = ''
    const take = {
      write(text: string) {
        printed += text
      },
    }
    const code = await keysCommand(args, take, take, { clock, random: systemRandom, env: { MILLRACE_DATA: folder } })
    return { code, printed }
  }
  const done = async (...args: string[]) => {
    const { code, printed } = await run(...args)
    assert.equal(code, 0, printed)
    return printed.trimEnd()
  }
  return { clock, run, done }
}

test('a key is made, named, disabled, enabled, rotated, and deleted in its time', async (t) => {
  const { clock, done, run } = fixture(t)
  assert.equal(await done('list'), 'the keyring has no keys yet')
  const id = await done('create', '--alias', 'alias/orders')
  assert.match(id, /^[\da-f-]{36}$/)
  assert.equal(await done('alias', id, '--alias', 'alias/second'), `alias/second is ${id}`)
  assert.equal(await done('disable', 'alias/second'), `${id} is Disabled`)
  assert.equal(await done('enable', `arn:aws:kms:us-east-1:000000000000:key/${id}`), `${id} is Enabled`)
  assert.equal(await done('rotate', 'arn:aws:kms:us-east-1:000000000000:alias/orders'), `${id} is in its generation 2`)
  assert.match(
    await done('list'),
    /^[\da-f-]{36} {2}Enabled {2}made 2026-01-01, generation 2 {2}alias\/orders alias\/second$/,
  )
  assert.match(await done('schedule-deletion', id, '--days', '7'), /will be deleted on 2026-01-08/)
  assert.equal(await done('cancel-deletion', id), `${id} is Disabled`)
  await done('schedule-deletion', id, '--days', '7')
  assert.match(await done('list'), /PendingDeletion on 2026-01-08/)
  await clock.advance(7 * 24 * 3_600_000)
  assert.equal(await done('list'), 'the keyring has no keys yet')
  assert.equal((await run('enable', id)).code, 2)
  await done('create', '--alias', 'alias/orders')
})

test('what cannot be is told in one line, and changes nothing', async (t) => {
  const { done, run } = fixture(t)
  const id = await done('create', '--alias', 'alias/orders')
  const before = await done('list')
  const refused = [
    [['melt', id], /there is no "melt"/],
    [['constructor', id], /there is no "constructor"/],
    [['disable'], /usage: millrace keys disable KEY/],
    [['create', id], /usage: millrace keys create/],
    [['disable', id, id], /usage/],
    [['disable', 'alias/none'], /the keyring has no key "alias\/none"/],
    [['disable', '__proto__'], /the keyring has no key/],
    [['create', '--alias', 'alias/orders'], /there is an alias "alias\/orders" already/],
    [['create', '--alias', 'orders'], /"orders" is not an alias/],
    [['create', '--colour', 'red'], /there is no option --colour\. See millrace keys --help/],
    [['alias', id], /which alias/],
    [['schedule-deletion', id, '--days', '6'], /--days must be from 7 to 30/],
    [['schedule-deletion', id, '--days', 'x'], /--days must be from 7 to 30/],
  ] as const
  for (const [args, line] of refused) {
    const { code, printed } = await run(...args)
    assert.equal(code, 2, printed)
    assert.match(printed, line)
    assert.equal(printed.trimEnd().split('\n').length, 1)
  }
  assert.equal(await done('list'), before)
})

test('the help names every subcommand', async (t) => {
  const { done } = fixture(t)
  const help = await done('--help')
  for (const name of ['list', 'create', 'alias', 'disable', 'enable', 'rotate', 'schedule-deletion', 'cancel-deletion'])
    assert.match(help, new RegExp(`millrace keys ${name}\\b`))
})
