import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { onceWithAuthentication } from '../harness/keys.ts'
import { Delivered } from './delivered.ts'
import { leasesOf, startsWithinMs, startWorker } from './kcl-scenario.ts'
import { missingProgram, type RunningProgram, startNode } from './running-program.ts'
import { StreamUnderTest } from './stream-under-test.ts'

const options = (name: 'kcl2' | 'kcl3') => ({
  skip: missingProgram(name) ?? onceWithAuthentication ?? false,
  timeout: 900_000,
})

test(
  'a worker of KCL 2 and one of ours share an application; either may be killed, and nothing is lost',
  options('kcl2'),
  (t) => fleet(t, 'kcl2'),
)

test(
  'a worker of KCL 3 and one of ours share an application; either may be killed, and nothing is lost',
  options('kcl3'),
  (t) => fleet(t, 'kcl3'),
)

/** How long leases may take to change hands: the failover time, and two rounds of those that share them out, on a slow machine. */
const handsWithinMs = 240_000

async function fleet(t: TestContext, version: 'kcl2' | 'kcl3'): Promise<void> {
  const stream = await StreamUnderTest.start(t, 4)
  const workers: RunningProgram[] = []
  const start = (kind: 'kcl' | 'ours', worker: string): RunningProgram => {
    const started =
      kind === 'kcl'
        ? startWorker(t, version, stream, { mode: 'polling', worker, assignment: 'lease-count' })
        : startNode(t, join(import.meta.dirname, 'consumer-worker.ts'), {
            ...{ endpoint: stream.server.url, stream: stream.name, application: 'application', worker },
          })
    workers.push(started)
    return started
  }
  const took: Record<string, number> = {}
  const timed = async (what: string, wait: Promise<unknown>) => {
    const startedAt = performance.now()
    await wait
    took[what] = (performance.now() - startedAt) / 1000
  }
  const all = (withinMs: number) => delivers(workers, stream, withinMs)

  const readsSome = (worker: RunningProgram) =>
    worker.until('a record', handsWithinMs, (events) => events.find(({ event }) => event === 'records'))
  /** The worker has every shard: what is put now, for all of them, comes to it. */
  const readsAll = async (worker: RunningProgram, mark: string) => {
    const from = stream.put.length
    await stream.putMany(`mark-${mark}`, 100)
    const marks = stream.put.slice(from).filter((data) => data.startsWith('mark'))
    await worker.until('what was put last', handsWithinMs, () =>
      new Delivered(worker).missing(marks).length === 0 ? true : undefined,
    )
  }

  // Ours first: the first worker of KCL waits up to half a minute before it fills an empty table.
  const first = start('ours', 'ours-1')
  await stream.putMany('alone', 500)
  await all(startsWithinMs)
  const kcl = start('kcl', 'kcl')
  const traffic = stream.steadily('both')
  await timed('shared', holds(stream, { kcl: 1, 'ours-1': 1 }, startsWithinMs + handsWithinMs))

  await readsSome(kcl)
  await first.kill()
  await timed('KCL took over', holds(stream, { kcl: 4 }, handsWithinMs))
  await readsAll(kcl, 'kcl')
  const second = start('ours', 'ours-2')
  await timed('shared again', holds(stream, { kcl: 1, 'ours-2': 1 }, handsWithinMs))
  await readsSome(second)
  await kcl.kill()
  await timed('ours took over', holds(stream, { 'ours-2': 4 }, handsWithinMs))
  await readsAll(second, 'ours')
  await traffic.stop()
  const delivered = await all(handsWithinMs)

  assert.deepEqual(delivered.invented(stream.put), [])
  const byOurs = new Delivered(first, second).times.size
  const byKcl = new Delivered(kcl).times.size
  assert.ok(byOurs > 0 && byKcl > 0)
  assert.equal(await second.stop(), 0, second.log)
  const times = Object.entries(took).map(([what, seconds]) => `${what} after ${seconds.toFixed(1)} s`)
  t.diagnostic(
    `${stream.put.length} records: ${byKcl} read by ${version}, ${byOurs} by ours, ${delivered.repeated().length} twice; ` +
      times.join(', '),
  )
}

/** Waits until every record that was put has come to one of the workers. */
async function delivers(
  workers: readonly RunningProgram[],
  stream: StreamUnderTest,
  withinMs: number,
): Promise<Delivered> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const delivered = new Delivered(...workers)
    const missing = delivered.missing(stream.put)
    if (missing.length === 0) return delivered
    if (performance.now() > deadline) assert.deepEqual(missing, [], `${workers.at(-1)?.log}`)
    await pause(200)
  }
}

/** Waits until the workers have at least so many leases each, by the table. */
async function holds(stream: StreamUnderTest, least: Readonly<Record<string, number>>, withinMs: number) {
  const deadline = performance.now() + withinMs
  for (;;) {
    const owned: Record<string, number> = {}
    for (const { leaseOwner, leaseKey } of (await leasesOf(stream)).values())
      if (leaseKey?.S?.startsWith('shardId-'))
        owned[leaseOwner?.S ?? 'nobody'] = (owned[leaseOwner?.S ?? 'nobody'] ?? 0) + 1
    if (Object.entries(least).every(([worker, leases]) => (owned[worker] ?? 0) >= leases)) return
    if (performance.now() > deadline) assert.deepEqual(owned, least, `not within ${withinMs} ms`)
    await pause(200)
  }
}
