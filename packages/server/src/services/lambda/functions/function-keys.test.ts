import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { ManualClock, silentLogger, systemRandom } from '@millrace/ports'
import type { RoleSessions } from '../../../core/temporary-keys.ts'
import { functionDefinitions, standardRole } from './function-definition.ts'
import { FunctionTable } from './function-table.ts'
import { FunctionUnreachable } from './invocation.ts'

/* Which keys a handler finds in its environment. */

const place = { accountId: '000000000000', region: 'us-east-1' }
const role = `arn:aws:iam::${place.accountId}:role/worker`

/** A function that answers with its keys, on a clock that the test moves. */
async function functionOn(t: TestContext, roleSessions: RoleSessions | undefined, clock: ManualClock, named?: string) {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-function-'))
  await writeFile(
    join(folder, 'f.mjs'),
    'export const handler = async () => [process.env.AWS_ACCESS_KEY_ID, process.env.AWS_SECRET_ACCESS_KEY, process.env.AWS_SESSION_TOKEN, process.pid]',
  )
  const definitions = functionDefinitions(
    { f: { module: 'f.mjs', ...(named && { role: named }) } },
    folder,
    place.accountId,
  )
  const parts = { place, clock, random: systemRandom, logger: silentLogger, endpointUrl: () => undefined, roleSessions }
  const table = new FunctionTable(definitions, parts)
  t.after(async () => {
    await table.stop()
    await rm(folder, { recursive: true, force: true })
  })
  return async () => {
    const { payload } = await table.find('f')!.invoker.invoke({ requestId: 'r', event: Buffer.from('{}') }, false)
    return JSON.parse(Buffer.from(payload).toString()) as (string | number | null)[]
  }
}

/** Gives keys with numbers, of one role. */
function numbered(clock: ManualClock): RoleSessions & { readonly begun: string[] } {
  const begun: string[] = []
  return {
    begun,
    begin(roleArn, sessionName, service) {
      if (roleArn !== role) throw new Error(`there is no role ${roleArn}`)
      begun.push(`${sessionName} ${service}`)
      const n = begun.length
      return {
        accessKeyId: `ASIA${n}`,
        secret: `s${n}`,
        sessionToken: `t${n}`,
        expiresAtMs: clock.nowMs() + 43_200_000,
      }
    },
  }
}

test('a handler finds its role’s keys, and other ones before they end', async (t) => {
  const clock = new ManualClock()
  const sessions = numbered(clock)
  const invoke = await functionOn(t, sessions, clock, role)
  const [id, secret, token, pid] = await invoke()
  assert.deepEqual([id, secret, token], ['ASIA1', 's1', 't1'])
  assert.equal((await invoke())[3], pid, 'a warm process')
  assert.deepEqual(sessions.begun, ['f lambda.amazonaws.com'])
  clock.setWallClock(clock.nowMs() + 43_200_000 - 10 * 60_000)
  assert.equal((await invoke())[0], 'ASIA2')
})

test('a function whose role is not there cannot run; one that names none runs without keys', async (t) => {
  const clock = new ManualClock()
  const named = await functionOn(t, numbered(clock), clock, `${role}x`)
  await assert.rejects(
    named(),
    (error: unknown) => error instanceof FunctionUnreachable && /cannot be assumed/.test(error.message),
  )
  const unnamed = await functionOn(t, numbered(clock), clock)
  assert.deepEqual((await unnamed()).slice(0, 3), [null, null, null])
  assert.ok(standardRole(place.accountId).endsWith(':role/millrace'))
})

test('where nobody is told apart any keys will do', async (t) => {
  const invoke = await functionOn(t, undefined, new ManualClock())
  assert.deepEqual((await invoke()).slice(0, 3), ['any', 'any', null])
})
