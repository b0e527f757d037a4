import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { CallRefused, KinesisCaller } from './kinesis-caller.ts'
import { evenLanes, putOnLane } from './lane-writer.ts'
import { type Audit, faultsOf, Ledger } from './ledger.ts'
import { reopenMs, reopenMsMax } from './reopening.ts'
import { chosenSeed, seededRandom } from './seeded-random.ts'
import { type ServerOptions, ServerProcess, temporaryFolder } from './server-process.ts'
import { isOpen, listShards, makeStream, readStream, topologyFaults, whenActive } from './stream-contents.ts'

/*
 * kill -9 at any moment, under load from many writers while shards are split and merged; one life after the other on the
 * same folder. Each begins by reading everything.
 */

const streamName = 'ledger'
const lives = 12
const folders = 2
const lanes = evenLanes(16)

test('kill -9 at random moments under load loses, repeats and reorders nothing', async (t) => {
  const seed = chosenSeed()
  t.diagnostic(`CRASH_SEED=${seed}`)
  const random = seededRandom(seed)
  const folder = temporaryFolder()
  after(folder.remove)
  const readyMs: number[] = []
  const audits: Audit[] = []
  for (let i = 0; i < folders; i++) {
    const ledger = new Ledger()
    for (let life = 0; life < lives; life++) {
      const server = await ServerProcess.start(inFolder(join(folder.path, String(i)), life))
      readyMs.push(await reopenMs(server))
      const audit = await checkAndLoad(server, ledger, random, life === 0)
      if (life === lives - 1 || audit.faults.length > 0) audits.push(audit.audit)
      assert.deepEqual(audit.faults, [], `folder ${i}, life ${life}`)
    }
  }
  const sum = (key: keyof Audit) => audits.reduce((total, audit) => total + audit[key], 0)
  t.diagnostic(
    `killed ${readyMs.length} times; acknowledged ${sum('acknowledged')}, lost ${sum('lost')}, twice ${sum('twice')}, out of order ${sum('outOfOrder')}`,
  )
  t.diagnostic(`there though never acknowledged (allowed): ${sum('foundUnacknowledged')}`)
  t.diagnostic(`slowest reopen ${Math.round(Math.max(...readyMs))} ms, of ${reopenMsMax}`)
  assert.ok(sum('acknowledged') > 1000)
  assert.ok(Math.max(...readyMs) <= reopenMsMax)
})

/** The command line as anyone runs it, in turn with small segments that come to their end often. */
const inFolder = (data: string, life: number): ServerOptions =>
  life % 2 === 0 ? { data, entry: 'movable', args: ['--segment-bytes', String(256 * 1024)] } : { data, entry: 'bin' }

async function checkAndLoad(
  server: ServerProcess,
  ledger: Ledger,
  random: () => number,
  isFirst: boolean,
): Promise<{ audit: Audit; faults: string[] }> {
  const caller = new KinesisCaller(server.port)
  try {
    if (isFirst) await makeStream(caller, streamName, 4)
    await whenActive(caller, streamName)
    const contents = await readStream(caller, streamName)
    const audit = ledger.audit(contents)
    const wrong = faultsOf(audit)
    const faults = [...(wrong === '' ? [] : [wrong]), ...topologyFaults(contents.shards)]
    const load = Promise.allSettled([
      ...lanes.map((lane) => write(caller, ledger, lane, random)),
      reshard(caller, random),
    ])
    await sleep(50 + 600 * random())
    await server.kill()
    // All of them end because the server is gone, and for no other reason.
    for (const outcome of await load)
      if (outcome.status === 'fulfilled') faults.push('a put was refused')
      else if (outcome.reason instanceof CallRefused) faults.push(String(outcome.reason))
    return { audit, faults }
  } finally {
    caller.close()
    await server.kill()
  }
}

/** Until the server is gone. */
async function write(
  caller: KinesisCaller,
  ledger: Ledger,
  lane: (typeof lanes)[number],
  random: () => number,
): Promise<void> {
  for (;;) {
    const sizesBytes = Array.from({ length: 1 + Math.floor(20 * random()) }, () => Math.floor(10 + 2000 * random()))
    const refused = await putOnLane(caller, streamName, ledger, lane, sizesBytes)
    if (refused !== undefined) return
  }
}

/** Splits the widest open shard or merges the first two, until the server is gone. */
async function reshard(caller: KinesisCaller, random: () => number): Promise<void> {
  for (;;) {
    const open = (await listShards(caller, streamName)).filter(isOpen)
    const ranges = open
      .map((shard) => {
        const start = BigInt(shard.HashKeyRange.StartingHashKey)
        return { id: shard.ShardId, start, width: BigInt(shard.HashKeyRange.EndingHashKey) - start }
      })
      .sort((a, b) => (a.start < b.start ? -1 : 1))
    if (open.length < 3 || (open.length < 8 && random() < 0.5)) {
      const widest = ranges.reduce((a, b) => (b.width > a.width ? b : a))
      const middle = String(widest.start + widest.width / 2n)
      await caller.call('SplitShard', { StreamName: streamName, ShardToSplit: widest.id, NewStartingHashKey: middle })
    } else {
      const at = Math.floor(random() * (ranges.length - 1))
      const merge = { ShardToMerge: ranges[at]!.id, AdjacentShardToMerge: ranges[at + 1]!.id }
      await caller.call('MergeShards', { StreamName: streamName, ...merge })
    }
    await whenActive(caller, streamName)
    await sleep(30 * random())
  }
}
