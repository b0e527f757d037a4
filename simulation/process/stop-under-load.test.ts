import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { KinesisCaller } from './kinesis-caller.ts'
import { evenLanes, putOnLane } from './lane-writer.ts'
import { faultsOf, type Lane, Ledger } from './ledger.ts'
import { requirement } from './requirement.ts'
import { ServerProcess, temporaryFolder } from './server-process.ts'
import { delay, hasStrace } from './strace.ts'
import { makeStream, readStream } from './stream-contents.ts'

/*
 * SIGTERM while puts are on their way: those that the server has are answered, and then it ends.
 */

const streamName = 'ledger'
const exitMsMax = 10_000
const loadMs = 1500
const lanes = evenLanes(32)

test('SIGTERM under full load ends the server in time, and loses nothing', async (t) => {
  await stopUnderLoad(t, [])
})

test('SIGTERM answers what is in flight, also when each sync takes 300 ms', {
  skip: requirement('strace', hasStrace),
}, async (t) => {
  const { inFlight, answered } = await stopUnderLoad(t, delay('fdatasync', 300))
  assert.ok(inFlight > 0, 'something was in flight')
  assert.equal(answered, inFlight)
})

async function stopUnderLoad(
  t: { diagnostic(line: string): void },
  through: readonly string[],
): Promise<{ inFlight: number; answered: number }> {
  const folder = temporaryFolder()
  after(folder.remove)
  const data = `${folder.path}/data`
  const ledger = new Ledger()
  const server = await ServerProcess.start({ data, entry: 'bin', through })
  const caller = new KinesisCaller(server.port)
  const onTheirWay = new Map<Lane, number>()
  const unanswered = new Set<Lane>()
  try {
    await makeStream(caller, streamName, 4)
    const load = lanes.map(async (lane) => {
      for (;;) {
        onTheirWay.set(lane, performance.now())
        const failed = await putOnLane(caller, streamName, ledger, lane, new Array<number>(20).fill(500)).catch(String)
        if (failed !== undefined) return void unanswered.add(lane)
        onTheirWay.delete(lane)
      }
    })
    await sleep(loadMs)
    const inFlight = await arrived(server.port, onTheirWay)
    const signalMs = performance.now()
    const { code, atMs } = await server.stop()
    await Promise.all(load)
    const answered = inFlight.filter(
      ([lane, sentMs]) => !unanswered.has(lane) || onTheirWay.get(lane) !== sentMs,
    ).length
    const again = await ServerProcess.start({ data, entry: 'bin' })
    const reader = new KinesisCaller(again.port)
    const audit = ledger.audit(await readStream(reader, streamName))
    reader.close()
    await again.kill()
    t.diagnostic(`exit code ${code} after ${Math.round(atMs - signalMs)} ms, of ${exitMsMax}`)
    t.diagnostic(`puts in flight ${inFlight.length}, of these answered ${answered}`)
    t.diagnostic(
      `acknowledged ${audit.acknowledged}, lost ${audit.lost}, twice ${audit.twice}, out of order ${audit.outOfOrder}`,
    )
    assert.equal(code, 0)
    assert.ok(atMs - signalMs <= exitMsMax)
    assert.equal(faultsOf(audit), '')
    assert.ok(audit.acknowledged > 0)
    return { inFlight: inFlight.length, answered }
  } finally {
    caller.close()
    await server.kill()
  }
}

/** Puts that the server has and did not answer yet: they were sent before a new connection was, which it has answered. */
async function arrived(port: number, onTheirWay: ReadonlyMap<Lane, number>): Promise<[Lane, number][]> {
  for (let tries = 1; ; tries++) {
    const sent = [...onTheirWay]
    const another = new KinesisCaller(port)
    await another.call('ListStreams', {})
    another.close()
    const left = sent.filter(([lane, sentMs]) => onTheirWay.get(lane) === sentMs)
    if (left.length > 0 || tries === 100) return left
  }
}
