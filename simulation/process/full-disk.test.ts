import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { after, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { CallRefused, KinesisCaller } from './kinesis-caller.ts'
import { evenLanes, putOnLane } from './lane-writer.ts'
import { faultsOf, Ledger } from './ledger.ts'
import { stopwatch } from './processor-wait.ts'
import { ServerProcess, temporaryFolder } from './server-process.ts'
import { makeStream, readStream } from './stream-contents.ts'

/*
 * A disk of 8 MB that fills up for good: a real one in memory, which only root may mount. (Without root,
 * failing-calls.test.ts makes single writes find a full disk.)
 */

const diskMb = 8
const streamName = 'ledger'
const [lane] = evenLanes(1)
const recoveryMsMax = 5000
const dayMs = 24 * 3_600_000

const folder = temporaryFolder()
const disk = `${folder.path}/disk`
mkdirSync(disk)
const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${diskMb}m`, 'tmpfs', disk]).status === 0
after(() => {
  if (isMounted) spawnSync('umount', ['-l', disk])
  folder.remove()
})
const skip = isMounted ? false : 'a file system cannot be mounted here: it takes root'

test('on a full disk reads go on, puts are refused, and are taken again when somebody makes space', {
  skip,
}, async (t) => {
  writeFileSync(`${disk}/ballast`, Buffer.alloc(2 * 1024 * 1024))
  const server = await startOnDisk('a')
  await fillUp(t, server, async () => rmSync(`${disk}/ballast`))
})

test('on a full disk retention makes space', { skip }, async (t) => {
  const server = await startOnDisk('b')
  await fillUp(t, server, () => server.shift(dayMs + 60_000), dayMs + 60_000)
})

const startOnDisk = (name: string, shiftMs = 0) => {
  const args = ['--segment-bytes', String(512 * 1024), '--shift-ms', String(shiftMs)]
  return ServerProcess.start({ data: `${disk}/${name}`, entry: 'movable', args })
}

async function fillUp(
  t: TestContext,
  server: ServerProcess,
  makeSpace: () => Promise<void>,
  shiftMs = 0,
): Promise<void> {
  const caller = new KinesisCaller(server.port)
  const ledger = new Ledger()
  const put = () => putOnLane(caller, streamName, ledger, lane!, new Array<number>(20).fill(10_000))
  const name = t.name
  try {
    await makeStream(caller, streamName, 1)
    while ((await put()) === undefined);
    fillRest()
    const refusedStreams = await makeStreamsUntilRefused(caller)
    const codes = new Set<string | undefined>()
    let longestMs = 0
    for (let i = 0; i < 50; i++) {
      const askedMs = performance.now()
      codes.add(await put())
      longestMs = Math.max(longestMs, performance.now() - askedMs)
    }
    const whileFull = ledger.audit(await readStream(caller, streamName))
    assert.equal(faultsOf(whileFull), '', 'reads go on')
    t.diagnostic(
      `full: puts answered ${[...codes].map((code) => code ?? 'success').join(', ')}, within ${Math.round(longestMs)} ms; ` +
        `CreateStream ${refusedStreams}; ${whileFull.acknowledged} records acknowledged and read`,
    )
    assert.ok(codes.has('InternalFailure'))

    const sinceSpaceMs = stopwatch(server)
    await makeSpace()
    while ((await put()) !== undefined) {
      assert.ok(sinceSpaceMs() <= recoveryMsMax, 'puts go on being refused')
      await sleep(5)
    }
    t.diagnostic(`puts succeed ${Math.round(sinceSpaceMs())} ms after there is space, of ${recoveryMsMax}`)
    await server.kill()
    const again = await startOnDisk(name.includes('retention') ? 'b' : 'a', shiftMs)
    const reader = new KinesisCaller(again.port)
    const audit = ledger.audit(await readStream(reader, streamName), shiftMs === 0 ? 0 : Date.now() + shiftMs - dayMs)
    reader.close()
    await again.kill()
    t.diagnostic(
      `acknowledged ${audit.acknowledged}, lost ${audit.lost}, twice ${audit.twice}, out of order ${audit.outOfOrder}`,
    )
    assert.equal(faultsOf(audit), '')
  } finally {
    caller.close()
    await server.kill()
    for (const name of ['a', 'b', 'rest', 'ballast']) rmSync(`${disk}/${name}`, { recursive: true, force: true })
  }
}

/** Takes what is left of the disk, to its last page. */
function fillRest(): void {
  const page = Buffer.alloc(4096)
  try {
    for (;;) appendFileSync(`${disk}/rest`, page)
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC')
  }
}

/** What there is room for in pages that files have already is taken, too. Resolves with how it was refused at last. */
async function makeStreamsUntilRefused(caller: KinesisCaller): Promise<string> {
  for (let i = 0; i < 500; i++) {
    try {
      await caller.call('CreateStream', { StreamName: `another-${i}`, ShardCount: 1 })
    } catch (error) {
      assert.ok(error instanceof CallRefused)
      return `${error.status} ${error.code}`
    }
  }
  throw new Error('500 streams were made on a full disk')
}
