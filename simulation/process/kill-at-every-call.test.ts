import assert from 'node:assert/strict'
import { cpSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { CrashHistory } from './crash-history.ts'
import { type Audit, sumOf } from './ledger.ts'
import { reopenMsMax } from './reopening.ts'
import { requirement } from './requirement.ts'
import { DidNotStart, ServerProcess, temporaryFolder } from './server-process.ts'
import {
  changingCalls,
  hasStrace,
  killAt,
  onePoolThread,
  pathsIn,
  type TracedCall,
  trace,
  tracedCalls,
} from './strace.ts'

/*
 * kill -9 before each single call that changes a file: before the 1st, the 2nd, … write, and so on for every kind of
 * call that the server makes, until it lives through its history unharmed. Each time the folder is opened again and all
 * that was acknowledged must be there, once and in order.
 */

const skip = requirement('strace', hasStrace)
/** `CRASH_POINTS=9` tries every ninth point only: a first look while working on something. */
const stride = Number(process.env.CRASH_POINTS ?? 1)

const folder = temporaryFolder()
after(folder.remove)

test('kill -9 at every call that changes a file loses, repeats and reorders nothing', { skip }, async (t) => {
  const watched = new CrashHistory(join(folder.path, 'watched'))
  const calls = await watch(watched, (server) => watched.run(server))
  const points = await atEveryPoint(calls, 'watched', (name) => {
    const history = new CrashHistory(join(folder.path, name))
    return { history, live: (server) => history.run(server) }
  })
  report(t, 'put, encryption, roll, split, merge, retention, compaction, deletion, stop', points)
})

test('kill -9 at every call of a recovery loses, repeats and reorders nothing', { skip }, async (t) => {
  const half = new CrashHistory(join(folder.path, 'half'))
  await half.runHalf(await ServerProcess.start(half.options))
  const copy = (name: string) => {
    cpSync(join(folder.path, 'half'), join(folder.path, name), { recursive: true })
    return half.copyIn(join(folder.path, name))
  }
  const stopAtOnce = (server: ServerProcess) => server.stop()
  const calls = await watch(copy('recovering'), stopAtOnce)
  const points = await atEveryPoint(calls, 'recovering', (name) => ({ history: copy(name), live: stopAtOnce }))
  report(t, 'recovery after kill -9', points)
})

type Live = (server: ServerProcess) => Promise<unknown>

type Point = {
  readonly call: string
  readonly nth: number
  /** False for the one that the server outlives: there is no Nth call. */
  readonly isKilled: boolean
  readonly readyMs: number
  readonly audit: Audit
  readonly faults: readonly string[]
}

/** The calls of a history that nothing disturbs. */
async function watch(history: CrashHistory, live: Live): Promise<TracedCall[]> {
  const output = join(folder.path, 'trace')
  const server = await ServerProcess.start({ ...history.options, through: trace(output), env: onePoolThread })
  await live(server)
  const { code } = await server.exited
  assert.equal(code, 0, 'the history ends well when nothing disturbs it')
  return tracedCalls(output, history.options.data)
}

/** Lives a history once for each call in it, and dies before that call. */
async function atEveryPoint(
  calls: readonly TracedCall[],
  watchedName: string,
  begin: (name: string) => { history: CrashHistory; live: Live },
): Promise<Point[]> {
  const points: Point[] = []
  const survived = new Set<string>()
  const left = places([...new Set(calls.map(({ call }) => call))], survived)
  const work = async () => {
    for (const { call, nth } of left) {
      const name = `${call}-${nth}`
      const paths = pathsIn(calls, join(folder.path, watchedName), join(folder.path, name))
      const { history, live } = begin(name)
      const isKilled = await liveUntilKilled(history, killAt(call, nth, paths), live)
      if (!isKilled) survived.add(call)
      points.push({ call, nth, isKilled, ...(await history.check()) })
      rmSync(join(folder.path, name), { recursive: true })
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, work))
  return points
}

/** The 1st, 2nd, … of each call, until the server has outlived one. */
function* places(calls: readonly string[], survived: ReadonlySet<string>): Generator<{ call: string; nth: number }> {
  for (const call of calls) for (let nth = 1; !survived.has(call); nth += stride) yield { call, nth }
}

async function liveUntilKilled(history: CrashHistory, through: readonly string[], live: Live): Promise<boolean> {
  try {
    const server = await ServerProcess.start({ ...history.options, through, env: onePoolThread })
    await live(server)
    return (await server.exited).signal === 'SIGKILL'
  } catch (error) {
    if (error instanceof DidNotStart && error.exit.signal === 'SIGKILL') return true
    throw error
  }
}

function report(t: TestContext, what: string, points: readonly Point[]): void {
  const killed = points.filter(({ isKilled }) => isKilled)
  const faulty = points.filter(({ faults }) => faults.length > 0)
  const slowestMs = Math.max(...points.map(({ readyMs }) => readyMs))
  const byCall = Map.groupBy(killed, ({ call }) => call)
  const { acknowledged, lost, twice, outOfOrder, elsewhere, strange } = sumOf(points.map(({ audit }) => audit))
  t.diagnostic(
    `${what}: killed at ${killed.length} points (${[...byCall].map(([k, p]) => `${k} ${p.length}`).join(', ')})`,
  )
  t.diagnostic(
    `acknowledged ${acknowledged}, lost ${lost}, twice ${twice}, out of order ${outOfOrder}, other ${elsewhere + strange}`,
  )
  t.diagnostic(`slowest reopen ${Math.round(slowestMs)} ms, of ${reopenMsMax}`)
  assert.deepEqual(
    faulty.map(({ call, nth, faults }) => `${call} ${nth}: ${faults.join('; ')}`),
    [],
  )
  for (const [what, names] of Object.entries(changingCalls).slice(0, 4))
    assert.ok(
      names.some((name) => byCall.has(name)),
      `no ${what} was killed`,
    )
  assert.ok(slowestMs <= reopenMsMax)
}
