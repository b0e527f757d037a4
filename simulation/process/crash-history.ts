import { statSync } from 'node:fs'
import { join } from 'node:path'
import { CallRefused, KinesisCaller } from './kinesis-caller.ts'
import { putOnLane } from './lane-writer.ts'
import { type Audit, faultsOf, type Lane, Ledger, sumOf } from './ledger.ts'
import { reopenMs } from './reopening.ts'
import { type ServerOptions, ServerProcess } from './server-process.ts'
import { isOpen, listShards, makeStream, readStream, topologyFaults, whenActive } from './stream-contents.ts'

/*
 * A short life of a stream in which everything happens that changes files: put, encryption, segment roll, split, merge,
 * longer retention, expiry of records and of closed shards, compaction, deletion of a stream, a clean stop. Whatever goes
 * wrong on the way, the ledgers know what was acknowledged until then.
 */

const streamName = 'ledger'
const passingStreamName = 'passing'
/** Few records that are kept for long, between those of the other: what is left of their segments is compacted. */
const lastingStreamName = 'lasting'

/** Two begin in the same shard, are parted by the split, and meet again after the merge. */
const lanes: readonly Lane[] = [
  { name: 'low', hashKey: 2n ** 125n },
  { name: 'middle', hashKey: 2n ** 126n + 1n },
  { name: 'high', hashKey: 2n ** 127n + 1n },
]

export const segmentBytesMax = 48 * 1024
const recordBytes = 3 * 1024
const recordsInPut = 2
const hourMs = 3_600_000
const minuteMs = 60_000
const retentionHours = 48
const lastingHours = 8760
const lastingBytes = 300

const historyArgs = ['--segment-bytes', String(segmentBytesMax)]

export class CrashHistory {
  readonly ledger: Ledger
  readonly #lasting: Ledger
  readonly #data: string
  /** Streams that were acknowledged: from then on they must be there. */
  readonly #made = new Set<string>()
  #shiftMs = 0
  /** Calls that were answered with an error of the server's own, and the longest until the next was a success. */
  refused = 0
  slowestRecoveryMs = 0

  constructor(data: string, ledger = new Ledger(), lasting = new Ledger()) {
    this.#data = data
    this.ledger = ledger
    this.#lasting = lasting
  }

  /** The same life, whose folder was copied to another place: from here on each goes its own way. */
  copyIn(data: string): CrashHistory {
    const copy = new CrashHistory(data, this.ledger.copy(), this.#lasting.copy())
    for (const name of this.#made) copy.#made.add(name)
    copy.#shiftMs = this.#shiftMs
    return copy
  }

  get options(): Pick<ServerOptions, 'data' | 'entry' | 'args'> {
    return { data: this.#data, entry: 'movable', args: [...historyArgs, '--shift-ms', String(this.#shiftMs)] }
  }

  /** All of it. Resolves early when the server is gone. @throws Error if it is there and does what it must not */
  async run(server: ServerProcess): Promise<void> {
    const caller = new KinesisCaller(server.port)
    try {
      for (const step of this.#steps(server, caller)) await step()
    } catch (error) {
      if (await endsSoon(server)) return
      await server.kill()
      throw error
    } finally {
      caller.close()
    }
    await server.stop()
  }

  /** The life up to its middle: a split has been, and puts are on their way when the server is killed. */
  async runHalf(server: ServerProcess): Promise<void> {
    const caller = new KinesisCaller(server.port)
    for (const step of this.#steps(server, caller).slice(0, 4)) await step()
    const puts = this.#putOnEachLane(caller, 50).catch(() => {})
    await new Promise((resolve) => setTimeout(resolve, 20))
    await server.kill()
    await puts
    caller.close()
  }

  #steps(server: ServerProcess, caller: KinesisCaller): (() => Promise<unknown>)[] {
    const firstShard = async () => (await listShards(caller, streamName)).find(isOpen)!
    const reshard = async (operation: string, input: object) => {
      await this.#insist(() => caller.call(operation, { StreamName: streamName, ...input }))
      await whenActive(caller, streamName)
    }
    return [
      async () => {
        await this.#make(caller, streamName, 2)
        await this.#make(caller, lastingStreamName, 1)
        const kept = { StreamName: lastingStreamName, RetentionPeriodHours: lastingHours }
        await this.#insist(() => caller.call('IncreaseStreamRetentionPeriod', kept))
        await whenActive(caller, lastingStreamName)
      },
      () => this.#encrypt(caller),
      () => this.#putOnEachLane(caller, 3),
      async () => {
        const { ShardId } = await firstShard()
        const split = { ShardToSplit: ShardId, NewStartingHashKey: String(2n ** 126n) }
        await Promise.all([this.#putOnEachLane(caller, 3), reshard('SplitShard', split)])
      },
      async () => {
        const [a, b] = (await listShards(caller, streamName)).filter(isOpen).sort(byHashKey)
        const merge = { ShardToMerge: a!.ShardId, AdjacentShardToMerge: b!.ShardId }
        await Promise.all([this.#putOnEachLane(caller, 3), reshard('MergeShards', merge)])
      },
      () => reshard('IncreaseStreamRetentionPeriod', { RetentionPeriodHours: retentionHours }),
      () => this.#insist(() => makeStream(caller, passingStreamName, 1)),
      () => this.#insist(() => caller.call('DeleteStream', { StreamName: passingStreamName })),
      async () => {
        await this.#shift(server, (retentionHours + 1) * hourMs)
        await until(
          server,
          () => this.#whatStays(server, caller),
          () => this.#shift(server, minuteMs), // what failed is tried again a minute later
        )
      },
      () => this.#putOnEachLane(caller, 2),
    ]
  }

  async #make(caller: KinesisCaller, name: string, shardCount: number): Promise<void> {
    await this.#insist(() => makeStream(caller, name, shardCount))
    this.#made.add(name)
  }

  async #encrypt(caller: KinesisCaller): Promise<void> {
    for (const StreamName of [streamName, lastingStreamName]) {
      const key = { StreamName, EncryptionType: 'KMS', KeyId: 'alias/aws/kinesis' }
      await this.#insist(() => caller.call('StartStreamEncryption', key))
      await whenActive(caller, StreamName)
    }
  }

  /**
   * The first segment, as long as its room is not given back, and the closed shards. It is compacted to the records that
   * last (and to the server's metrics, when a minute ended meanwhile).
   */
  async #whatStays(server: ServerProcess, caller: KinesisCaller): Promise<readonly string[]> {
    const first = statSync(join(this.#data, 'log/0000000001.segment'), { throwIfNoEntry: false })
    const isUnsure = server.said.includes('stays until the next start') // a sync of its folder failed
    const segments =
      first && !isUnsure && first.size > segmentBytesMax / 2 ? [`the first segment, ${first.size} bytes`] : []
    const closed = (await listShards(caller, streamName)).filter((shard) => !isOpen(shard))
    return [...segments, ...closed.map(({ ShardId }) => ShardId)]
  }

  async #shift(server: ServerProcess, ms: number): Promise<void> {
    this.#shiftMs += ms
    await server.shift(ms)
  }

  async #putOnEachLane(caller: KinesisCaller, puts: number): Promise<void> {
    const sizesBytes = new Array<number>(recordsInPut).fill(recordBytes)
    const [lastingLane] = lanes
    await Promise.all([
      ...lanes.map(async (lane) => {
        for (let i = 0; i < puts; i++)
          await this.#put(lane, () => putOnLane(caller, streamName, this.ledger, lane, sizesBytes))
      }),
      this.#put(lastingLane!, () => putOnLane(caller, lastingStreamName, this.#lasting, lastingLane!, [lastingBytes])),
    ])
  }

  async #put(lane: Lane, put: () => ReturnType<typeof putOnLane>): Promise<void> {
    const sentAtMs = performance.now()
    // After a refusal the outcome is unknown; a producer goes on with what comes next.
    let isRefused = false
    while ((await put()) !== undefined) {
      isRefused = true
      this.refused++
      if (performance.now() - sentAtMs > untilMs) throw new Error(`puts on ${lane.name} go on being refused`)
    }
    if (isRefused) this.slowestRecoveryMs = Math.max(this.slowestRecoveryMs, performance.now() - sentAtMs)
  }

  /** Does it again while the answer is an error of the server's own. */
  async #insist(call: () => Promise<unknown>, tries = 5): Promise<void> {
    try {
      await call()
    } catch (error) {
      const isAgain = error instanceof CallRefused && error.status >= 500 && tries > 1
      // Done by the first try, whose answer was an error.
      if (error instanceof CallRefused && /InUse|NotFound/.test(error.code) && this.refused > 0) return
      if (!isAgain) throw error
      this.refused++
      await this.#insist(call, tries - 1)
    }
  }

  /**
   * Opens the folder again and reads everything; then puts once more on each lane, and reads everything again.
   * `faults` is empty when all is as it must be.
   */
  async check(through: readonly string[] = []): Promise<{ readyMs: number; audit: Audit; faults: string[] }> {
    const server = await ServerProcess.start({ ...this.options, through })
    const caller = new KinesisCaller(server.port)
    try {
      const { StreamNames } = await caller.call<{ StreamNames: string[] }>('ListStreams', {})
      const gone = [...this.#made].filter((name) => !StreamNames.includes(name))
      const faults = gone.map((name) => `the stream ${name} is gone`)
      if (!StreamNames.includes(streamName))
        return { readyMs: await reopenMs(server), audit: this.ledger.audit({ shards: [] }), faults }
      for (const name of StreamNames) if (name !== passingStreamName) await whenActive(caller, name)
      const before = await this.#audit(caller, StreamNames)
      if (gone.length === 0 && this.#made.has(lastingStreamName)) await this.#putOnEachLane(caller, 1)
      const after = await this.#audit(caller, StreamNames)
      faults.push(...new Set([...before.faults, ...after.faults]))
      return { readyMs: await reopenMs(server), audit: after.audit, faults }
    } finally {
      caller.close()
      await server.kill()
    }
  }

  async #audit(caller: KinesisCaller, names: readonly string[]): Promise<{ audit: Audit; faults: string[] }> {
    const contents = await readStream(caller, streamName)
    const audits = [this.ledger.audit(contents, Date.now() + this.#shiftMs - retentionHours * hourMs)]
    if (names.includes(lastingStreamName)) audits.push(this.#lasting.audit(await readStream(caller, lastingStreamName)))
    const audit = sumOf(audits)
    const wrong = faultsOf(audit)
    return { audit, faults: [...(wrong === '' ? [] : [wrong]), ...topologyFaults(contents.shards)] }
  }
}

const byHashKey = (a: Awaited<ReturnType<typeof listShards>>[number], b: typeof a) =>
  BigInt(a.HashKeyRange.StartingHashKey) < BigInt(b.HashKeyRange.StartingHashKey) ? -1 : 1

/** Whether the server is gone, or goes within a moment: its end is seen later than that of its connections. */
async function endsSoon(server: ServerProcess): Promise<boolean> {
  const moment = new Promise<false>((resolve) => setTimeout(resolve, 1000, false))
  return Promise.race([server.exited.then(() => true), moment])
}

const untilMs = 20_000

/** Waits until nothing stays, or the server is gone; every now and then does something about it. */
async function until(
  server: ServerProcess,
  whatStays: () => Promise<readonly string[]>,
  push: () => Promise<void>,
): Promise<void> {
  const startMs = performance.now()
  for (let pushes = 0; server.isRunning; ) {
    const stays = await whatStays()
    if (stays.length === 0) return
    const passedMs = performance.now() - startMs
    if (passedMs > untilMs)
      throw new Error(`after ${pushes} minutes more this stays: ${stays.join(', ')}\n${server.said}`)
    if (passedMs > pushAfterMs * (pushes + 1)) {
      pushes++
      await push()
    }
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

const pushAfterMs = 300
