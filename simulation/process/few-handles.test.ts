import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { KinesisCaller } from './kinesis-caller.ts'
import { evenLanes, putOnLane } from './lane-writer.ts'
import { faultsOf, Ledger } from './ledger.ts'
import { stopwatch } from './processor-wait.ts'
import { requirement } from './requirement.ts'
import { ServerProcess, temporaryFolder } from './server-process.ts'
import { listShards, makeStream, readStream } from './stream-contents.ts'

/*
 * A process that may have 64 file handles, and more connections than that: accept() and open() fail with EMFILE.
 */

const handlesMax = 64
const connections = 100
const streamName = 'ledger'
const [lane] = evenLanes(1)
const recoveryMsMax = 5000
const hasPrlimit = spawnSync('prlimit', ['--version']).status === 0

test('without file handles the server lives, answers whom it has, and takes all again when there are some', {
  skip: requirement('prlimit', hasPrlimit),
}, async (t) => {
  const folder = temporaryFolder()
  after(folder.remove)
  const data = `${folder.path}/data`
  const server = await ServerProcess.start({
    data,
    entry: 'movable',
    args: ['--segment-bytes', String(64 * 1024)],
    through: ['prlimit', `--nofile=${handlesMax}:${handlesMax}`, '--'],
  })
  const caller = new KinesisCaller(server.port, 1) // its one connection is there before all the others
  const ledger = new Ledger()
  const put = () => putOnLane(caller, streamName, ledger, lane!, new Array<number>(10).fill(1000))
  const idle: Socket[] = []
  try {
    await makeStream(caller, streamName, 1)
    assert.equal(await put(), undefined)
    for (let i = 0; i < connections; i++) idle.push(await connected(server.port))
    await sleep(100)
    const open = server.openHandles()
    const codes = new Map<string, number>()
    for (let i = 0; i < 50; i++) {
      const code = (await put()) ?? 'success'
      codes.set(code, (codes.get(code) ?? 0) + 1)
      assert.equal((await listShards(caller, streamName)).length, 1)
    }
    t.diagnostic(
      `${connections} connections to a process of ${handlesMax} handles, of which ${open} were open: puts on a connection that it had: ` +
        [...codes].map(([code, count]) => `${code} ${count}`).join(', '),
    )
    assert.ok(server.isRunning)
    assert.ok(open >= handlesMax - 2, 'the handles were used up')

    const sinceFreedMs = stopwatch(server)
    for (const socket of idle) socket.destroy()
    const another = new KinesisCaller(server.port)
    while (
      (await putOnLane(another, streamName, ledger, { ...lane!, name: 'another' }, [1000]).catch(String)) !== undefined
    ) {
      assert.ok(sinceFreedMs() <= recoveryMsMax, 'a new client is not served')
      await sleep(5)
    }
    while ((await put()) !== undefined) assert.ok(sinceFreedMs() <= recoveryMsMax, 'puts go on being refused')
    t.diagnostic(
      `a new client is served and puts succeed ${Math.round(sinceFreedMs())} ms after the others left, of ${recoveryMsMax}`,
    )
    another.close()
    await server.kill()

    const again = await ServerProcess.start({ data, entry: 'movable' })
    const reader = new KinesisCaller(again.port)
    const audit = ledger.audit(await readStream(reader, streamName))
    reader.close()
    await again.kill()
    t.diagnostic(
      `acknowledged ${audit.acknowledged}, lost ${audit.lost}, twice ${audit.twice}, out of order ${audit.outOfOrder}`,
    )
    assert.equal(faultsOf(audit), '')
  } finally {
    for (const socket of idle) socket.destroy()
    caller.close()
    await server.kill()
  }
})

/** A connection that says nothing; the server may close it. */
async function connected(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  await Promise.race([once(socket, 'connect'), once(socket, 'close')])
  return socket
}
