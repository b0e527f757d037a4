import assert from 'node:assert/strict'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { fillByte } from '../../packages/server/src/storage/embedded/fill.ts'
import { CrashHistory } from './crash-history.ts'
import { type Audit, sumOf } from './ledger.ts'
import { requirement } from './requirement.ts'
import { DidNotStart, ServerProcess, temporaryFolder } from './server-process.ts'
import { changingCalls, hasStrace, inject, onePoolThread, type TracedCall, tracedCalls } from './strace.ts'

/*
 * A disk that refuses: each sync in turn fails with EIO, and the disk is full from each write on for a few writes. The
 * server must say so to whom it concerns, and go on.
 */

const skip = requirement('strace', hasStrace)
/** From an answer that was an error until puts succeed again. */
const recoveryMsMax = 5000
/** For how many writes the disk is full. */
const fullFor = 4
/** `CRASH_POINTS=9` tries every ninth only. */
const stride = Number(process.env.CRASH_POINTS ?? 1)

const folder = temporaryFolder()
after(folder.remove)

test('a sync that fails is never an acknowledgement, and its file is not synced or written again', {
  skip,
}, async (t) => {
  const trials = await atEvery(changingCalls.sync, (n) => `error=EIO:when=${n}`)
  report(t, 'EIO from the Nth sync', trials)
  const touched = trials.filter(({ calls }) => injectedIsTouchedAgain(calls))
  assert.deepEqual(touched.map(nameOf), [], 'the file of a failed sync is written or synced again')
})

test('a disk that is full for a while is told to writers, and to nobody else', { skip }, async (t) => {
  const trials = await atEvery(changingCalls.write.slice(2), (n) => `error=ENOSPC:when=${n}..${n + fullFor - 1}`)
  report(t, `ENOSPC from the Nth to the ${fullFor - 1} writes after it`, trials)
})

type Trial = {
  readonly call: string
  readonly nth: number
  readonly calls: readonly TracedCall[]
  /** It failed so early that the server did not start, and said so. */
  readonly isRefusedAtStart: boolean
  /** Calls that were answered with an error. */
  readonly refused: number
  readonly recoveryMs: number
  readonly audit: Audit
  readonly faults: readonly string[]
}

const nameOf = ({ call, nth }: Trial) => `${call} ${nth}`

/**
 * What a failed sync leaves is in the system's memory only, and is gone when the power is: cuts the file to what was
 * synced before, and puts back the fill that was gone over since. Whoever was acknowledged on the strength of the failed sync has then lost his records.
 */
function losePower(calls: readonly TracedCall[]): void {
  const failed = calls.findIndex(({ call, isInjected }) => isInjected && isSync(call))
  const path = calls[failed]?.path
  if (path === undefined || !path.endsWith('.segment') || !existsSync(path)) return
  // It was compacted since: another file has its name.
  if (calls.slice(failed).some(({ call, path: from }) => call.startsWith('rename') && from === `${path}.new`)) return
  let durableTo = 0
  let unsynced: { readonly from: number; readonly to: number }[] = []
  for (const { call, place, endsAt } of calls.slice(0, failed).filter((one) => one.path === path)) {
    if (place !== undefined && endsAt !== undefined) unsynced.push({ from: place, to: endsAt })
    else if (isSync(call)) {
      durableTo = Math.max(durableTo, ...unsynced.map(({ to }) => to))
      unsynced = []
    }
  }
  const bytes = readFileSync(path).subarray(0, durableTo)
  for (const { from, to } of unsynced) bytes.fill(fillByte, from, to)
  writeFileSync(path, bytes)
}

const isSync = (call: string) => changingCalls.sync.some((name) => name === call)

/** Lives a history once for the 1st, 2nd, … of each call, until nothing was injected any more. */
async function atEvery(calls: readonly string[], injected: (nth: number) => string): Promise<Trial[]> {
  const trials: Trial[] = []
  const unharmed = new Set<string>()
  const left = places(calls, unharmed)
  const work = async () => {
    for (const { call, nth } of left) {
      const trial = await live(call, nth, injected(nth))
      const isHarmed = trial.calls.some(({ isInjected }) => isInjected)
      if (!isHarmed) unharmed.add(call)
      if (isHarmed || trial.faults.length > 0) trials.push(trial)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, work))
  return trials
}

function* places(calls: readonly string[], unharmed: ReadonlySet<string>): Generator<{ call: string; nth: number }> {
  for (const call of calls) for (let nth = 1; !unharmed.has(call); nth += stride) yield { call, nth }
}

async function live(call: string, nth: number, injected: string): Promise<Trial> {
  const data = join(folder.path, `${call}-${nth}`)
  const output = `${data}.trace`
  const history = new CrashHistory(data)
  const faults: string[] = []
  let isRefusedAtStart = false
  try {
    const through = inject([call], injected, output)
    await history.run(await ServerProcess.start({ ...history.options, through, env: onePoolThread }))
  } catch (error) {
    isRefusedAtStart = error instanceof DidNotStart && error.exit.code === 1
    if (!isRefusedAtStart) faults.push(String(error))
  }
  const calls = tracedCalls(output, data)
  losePower(calls)
  const checked = await history.check()
  faults.push(...checked.faults)
  rmSync(data, { recursive: true, force: true })
  const { refused, slowestRecoveryMs: recoveryMs } = history
  return { call, nth, calls, isRefusedAtStart, refused, recoveryMs, audit: checked.audit, faults }
}

function injectedIsTouchedAgain(calls: readonly TracedCall[]): boolean {
  const at = calls.findIndex(({ isInjected }) => isInjected)
  const { path } = calls[at]!
  if (!/\.(segment|map)$/.test(path)) return false // a directory, or a file that is made anew under the same name
  const later = calls.slice(at + 1)
  // A map goes on in a new file, which then gets the old one's name.
  const end = later.findIndex(({ call, path: renamed }) => call.startsWith('rename') && renamed === `${path}.new`)
  return (end < 0 ? later : later.slice(0, end)).some(
    ({ call, path: other }) => other === path && writesOrSyncs.has(call),
  )
}

const writesOrSyncs = new Set<string>([...changingCalls.write, ...changingCalls.sync])

function report(t: TestContext, what: string, trials: readonly Trial[]): void {
  const { acknowledged, lost, twice, outOfOrder, elsewhere, strange } = sumOf(trials.map(({ audit }) => audit))
  const recoveryMs = Math.max(...trials.map((trial) => trial.recoveryMs))
  const atStart = trials.filter(({ isRefusedAtStart }) => isRefusedAtStart).length
  const told = trials.filter(({ refused }) => refused > 0).length
  t.diagnostic(`${what}: ${trials.length} points; ${atStart} stopped the start, ${told} were told to clients`)
  t.diagnostic(
    `acknowledged ${acknowledged}, lost ${lost}, twice ${twice}, out of order ${outOfOrder}, other ${elsewhere + strange}`,
  )
  t.diagnostic(`slowest from a refused put to one that succeeds: ${Math.round(recoveryMs)} ms, of ${recoveryMsMax}`)
  assert.deepEqual(
    trials.filter(({ faults }) => faults.length > 0).map((trial) => `${nameOf(trial)}: ${trial.faults.join('; ')}`),
    [],
  )
  assert.ok(told > 0, 'nothing was told to anyone')
  assert.ok(recoveryMs <= recoveryMsMax)
}
