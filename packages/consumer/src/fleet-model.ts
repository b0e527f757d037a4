import assert from 'node:assert/strict'
import { ManualClock } from '@millrace/ports'
import { type Checkpoint, compareCheckpoints, trimHorizon } from './checkpoint.ts'
import { Consumer } from './consumer.ts'
import { KinesisModel } from './kinesis-fixture.ts'
import { isFinished, type Lease, leaseOf } from './lease.ts'
import type { LeaseTable } from './lease-table.ts'
import { MemoryLeaseTable } from './memory-lease-table-fixture.ts'
import type { RecordProcessor } from './record-processor.ts'

export const failoverTimeMs = 3000

type Member = {
  readonly consumer: Consumer
  readonly clock: ManualClock
  state: 'running' | 'paused' | 'killed' | 'stopped'
  /** How much time has passed while it was paused. */
  behindMs: number
  readonly waiting: (() => void)[]
}

/**
 * A fleet of workers on one stream and one lease table, in memory, each with a clock of its own. It watches while they work,
 * and holds what a consumer promises: see the assertions.
 */
export class Fleet {
  readonly kinesis: KinesisModel
  readonly table = new MemoryLeaseTable()
  readonly members: Member[] = []
  readonly put = new Set<string>()
  readonly processed = new Map<string, number>()
  /** The table cannot be reached. */
  outage = false
  /** Of five calls of a processor, so many throw. */
  poison = 0
  /** What was not as promised. A consumer catches what a processor throws, so it is kept here. */
  readonly violations: unknown[] = []
  readonly #checkpoints = new Map<string, Checkpoint>()
  readonly #removed = new Set<string>()
  #calls = 0

  constructor(shards: number) {
    this.kinesis = new KinesisModel(shards)
    this.#watchTable()
  }

  async start(skewMs: number): Promise<void> {
    const clock = new ManualClock(Date.UTC(2026, 0, 1) + skewMs)
    const workerId = `worker-${this.members.length}`
    const member = { clock, state: 'running', behindMs: 0, waiting: [] } as unknown as {
      -readonly [K in keyof Member]: Member[K]
    }
    const gate = async (): Promise<void> => {
      while (member.state === 'paused')
        await new Promise<void>((resolve) => {
          member.waiting.push(resolve)
        })
      if (member.state === 'killed') await new Promise<never>(() => {})
    }
    member.consumer = new Consumer(
      {
        kinesis: this.kinesis.client(gate),
        dynamodb: undefined as never,
        leaseTable: gated(this.table, gate, () => this.outage),
      },
      {
        applicationName: 'app',
        streamName: 's',
        workerId,
        clock,
        failoverTimeMs,
        initialPosition: 'TRIM_HORIZON',
        shardSyncIntervalMs: 5000,
        shutdownTimeoutMs: 10_000,
        // Every second worker renews its leases together.
        renewTogetherFrom: this.members.length % 2 === 0 ? 1 : Number.POSITIVE_INFINITY,
        random: seeded(this.members.length + 1),
      },
      ({ shardId }) => this.#processor(shardId, member),
    )
    this.members.push(member)
    const starting = member.consumer.start().catch(() => {
      member.state = 'killed'
    })
    await Promise.race([starting, clock.advance(100)])
  }

  /** Time passes for everyone; a paused process does not notice until it goes on. */
  async advance(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += stepMs)
      for (const member of this.members) {
        if (member.state === 'running' || member.state === 'stopped') await member.clock.advance(stepMs)
        else member.behindMs += stepMs
      }
  }

  pause(which: number): void {
    const member = this.#running(which)
    if (member) member.state = 'paused'
  }

  async resume(which: number): Promise<void> {
    const paused = this.members.filter(({ state }) => state === 'paused')
    const member = paused[which % paused.length]
    if (!member) return
    member.state = 'running'
    // The machine's clock went on while the process stood still: whatever was due comes at once.
    const { behindMs } = member
    member.behindMs = 0
    for (const wake of member.waiting.splice(0)) wake()
    await member.clock.advance(behindMs)
  }

  kill(which: number): void {
    const member = this.#running(which)
    if (member) member.state = 'killed'
  }

  async stop(which: number): Promise<void> {
    const member = this.#running(which)
    if (!member) return
    member.state = 'stopped'
    void member.consumer.stop()
    await member.clock.advance(0)
  }

  setClock(which: number, skewMs: number): void {
    const member = this.#running(which)
    member?.clock.setWallClock(member.clock.nowMs() + skewMs)
  }

  /** Somebody removes a row that a running worker has. */
  removeRow(which: number): void {
    const running = this.members.filter(({ state }) => state === 'running')
    const held = running.flatMap(({ consumer }) =>
      consumer.shardIds.filter((id) => this.#ownerOf(id) === consumer.workerId),
    )
    const shardId = held[which % held.length]
    if (!shardId) return
    this.table.items.delete(shardId)
    // Its owner writes it again, unless he dies first: then nobody knows how far he came.
    this.#checkpoints.delete(shardId)
    this.#removed.add(shardId)
  }

  throttle(reads: number): void {
    this.kinesis.throttled += reads
  }

  expireIterators(): void {
    this.kinesis.epoch++
  }

  poisonBy(level: number): void {
    this.poison = level
  }

  toggleOutage(): void {
    this.outage = !this.outage
  }

  /** A leader of KCL 3 moves a lease from one worker to another. */
  handOver(which: number): void {
    const leases = [...this.table.items.values()].flatMap((item) => leaseOf(item) ?? [])
    const held = leases.filter((lease) => lease.leaseOwner && !lease.checkpointOwner && !isFinished(lease))
    const lease = held[which % held.length]
    const next = this.#running(which + 1)?.consumer.workerId
    if (!lease || !next || next === lease.leaseOwner) return
    const item = this.table.items.get(lease.leaseKey)!
    this.table.items.set(lease.leaseKey, {
      ...item,
      leaseOwner: { S: next },
      checkpointOwner: { S: lease.leaseOwner! },
    })
  }

  /** Everything comes to rest, and then nothing may be missing. */
  async settle(): Promise<void> {
    this.outage = false
    this.poison = 0
    this.kinesis.throttled = 0
    if (!this.members.some(({ state }) => state === 'running' || state === 'paused')) await this.start(0)
    while (this.members.some(({ state }) => state === 'paused')) await this.resume(0)
    for (let rounds = 0; rounds < 60 && this.processed.size < this.put.size; rounds++)
      await this.advance(2 * failoverTimeMs)
    const missing = [...this.put].filter((record) => !this.processed.has(record))
    assert.deepEqual(this.violations, [])
    assert.deepEqual(missing, [], 'every record is processed')
    for (const member of [...this.members]) if (member.state === 'running') await this.stop(this.#runningIndex(member))
    await this.advance(12_000)
    assert.deepEqual(this.violations, [])
  }

  #check(promise: () => void): void {
    try {
      promise()
    } catch (violation) {
      this.violations.push(violation)
    }
  }

  #processor(shardId: string, member: { readonly state: Member['state'] }): RecordProcessor {
    const shard = this.kinesis.shards.get(shardId)!
    let next = -1
    return {
      initialize: ({ checkpoint }) => {
        const from =
          checkpoint.sequenceNumber === trimHorizon.sequenceNumber ? 0 : Number(checkpoint.sequenceNumber) + 1
        next = shard.records.findIndex(({ SequenceNumber }) => Number(SequenceNumber) >= from)
        if (next < 0) next = shard.records.length
      },
      processRecords: async ({ records, checkpointer }) => {
        if (this.poison > 0 && this.#calls++ % 5 < this.poison) throw new Error('poison')
        this.#check(() => {
          for (const parent of shard.parents) this.#assertFinished(parent, shardId)
        })
        const at = next
        for (const { sequenceNumber } of records) {
          this.#check(() =>
            assert.equal(
              sequenceNumber,
              shard.records[next]?.SequenceNumber,
              `${shardId}: in order, and none left out`,
            ),
          )
          next++
          // A process that was killed does nothing any more, though its promises still run here.
          if (member.state !== 'killed')
            this.processed.set(sequenceNumber, (this.processed.get(sequenceNumber) ?? 0) + 1)
        }
        try {
          if (this.#calls++ % 2 === 0) await checkpointer.checkpoint()
          else if (records.length > 1) await checkpointer.checkpoint(records[0])
        } catch (error) {
          // Processed, but not checkpointed: they come again from here, when the call is made again.
          next = at
          throw error
        }
      },
      shutdownRequested: ({ checkpointer }) => checkpointer.checkpoint(),
    }
  }

  #assertFinished(parentId: string, childId: string): void {
    const parent = this.table.items.get(parentId)
    const lease = parent && leaseOf(parent)
    // A shard whose row was removed may be read once more, beside its children.
    const isDone = !lease || isFinished(lease) || this.#removed.has(parentId)
    assert.ok(isDone, `${parentId} is finished before its child ${childId} is processed`)
    for (const { SequenceNumber } of this.kinesis.shards.get(parentId)!.records)
      assert.ok(
        this.processed.has(SequenceNumber),
        `${SequenceNumber} of ${parentId} is processed before its child ${childId}`,
      )
  }

  /** Checkpoints only go forward, and never past what was processed. */
  #watchTable(): void {
    const { items } = this.table
    const set = items.set.bind(items)
    items.set = (leaseKey, item) => {
      const { checkpoint } = leaseOf(item) as Lease
      const before = this.#checkpoints.get(leaseKey)
      if (before)
        assert.ok(compareCheckpoints(checkpoint, before) >= 0, `the checkpoint of ${leaseKey} never goes back`)
      this.#checkpoints.set(leaseKey, checkpoint)
      for (const { SequenceNumber } of this.kinesis.shards.get(leaseKey)!.records)
        if (compareCheckpoints({ sequenceNumber: SequenceNumber, subSequenceNumber: 0 }, checkpoint) <= 0)
          assert.ok(
            this.processed.has(SequenceNumber),
            `${SequenceNumber} was processed before ${leaseKey} was checkpointed`,
          )
      return set(leaseKey, item)
    }
  }

  #ownerOf(shardId: string): string | undefined {
    return this.table.items.get(shardId)?.leaseOwner?.S
  }

  #running(which: number): Member | undefined {
    const running = this.members.filter(({ state }) => state === 'running')
    return running[which % running.length]
  }

  #runningIndex(member: Member): number {
    return this.members.filter(({ state }) => state === 'running').indexOf(member)
  }
}

const stepMs = 250

/** Every call to the table waits at the gate, before it is made and before its answer comes. */
function gated(table: MemoryLeaseTable, gate: () => Promise<void>, isOut: () => boolean): LeaseTable {
  return new Proxy(table, {
    get(target, name) {
      const member = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      return async (...args: unknown[]) => {
        await gate()
        if (isOut()) throw new Error('The table cannot be reached.')
        const answer = await member.apply(target, args)
        await gate()
        return answer
      }
    },
  })
}

function seeded(seed: number) {
  let state = seed
  const bytes = (length: number) =>
    Uint8Array.from({ length }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return state >>> 24
    })
  return { bytes, uuid: () => `uuid-${seed}` }
}
