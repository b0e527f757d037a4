import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashKeyMax } from '@millrace/formats'
import { ManualClock } from '@millrace/ports'
import fc from 'fast-check'
import type { RecordLog } from '../../storage/log.ts'
import { MemoryCatalog } from '../../storage/memory/memory-catalog.ts'
import { MemoryLog } from '../../storage/memory/memory-log.ts'
import { streamsFixture } from './fixture.ts'
import { uniformRanges } from './shard-map.ts'
import { logIdOf } from './stream.ts'
import { activeStream } from './stream-fixture.ts'
import { StreamReader } from './stream-reader-fixture.ts'

/*
 * One stream and what a plain model says of it, under random commands. The model is a list of records with their key and
 * the time at which they came, and a list of hash key ranges. Records are put one after the other, so for each key the
 * order in the list is the order in which every reader must see them.
 */

const hourMs = 3_600_000

type Command =
  | { kind: 'put'; keys: string[]; hashKey: bigint | undefined }
  | { kind: 'split'; shard: number; percent: number; puts: string[] }
  | { kind: 'merge'; shard: number; isUpperFirst: boolean; puts: string[] }
  | { kind: 'scale'; percent: number; puts: string[] }
  | { kind: 'retention'; hours: number }
  | { kind: 'read'; limit: number }
  | { kind: 'restart' }
  | { kind: 'pass'; ms: number }
  | { kind: 'clockBack'; ms: number }

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g')
const puts = fc.array(key, { maxLength: 6 })
const shard = fc.nat(30)

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('put'),
      keys: fc.array(key, { minLength: 1, maxLength: 6 }),
      hashKey: fc.option(fc.bigInt(0n, hashKeyMax), { nil: undefined }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('split'), shard, percent: fc.integer({ min: 0, max: 100 }), puts }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('merge'), shard, isUpperFirst: fc.boolean(), puts }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('scale'), percent: fc.integer({ min: 50, max: 200 }), puts }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('retention'), hours: fc.integer({ min: 24, max: 60 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('read'), limit: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass'), ms: fc.oneof(fc.nat(2000), fc.nat(12 * hourMs)) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clockBack'), ms: fc.nat(20_000) }) },
) as fc.Arbitrary<Command>

type Put = {
  readonly id: string
  readonly key: string
  readonly sequenceNumber: bigint
  readonly atMs: number
  isExpired: boolean
}

test('a stream keeps and shows what a plain model of it says', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 3 }),
      fc.array(command, { maxLength: 24 }),
      async (shardCount, commands) => {
        const run = await ModelRun.start(shardCount)
        for (const next of commands) await run.do(next)
        await run.end()
      },
    ),
    { numRuns: 150 },
  )
})

class ModelRun {
  readonly clock: ManualClock
  readonly log: RecordLog
  readonly catalog: MemoryCatalog
  fixture: Awaited<ReturnType<typeof streamsFixture>>
  /** In the order in which they were put. */
  readonly records: Put[] = []
  ranges: { startingHashKey: bigint; endingHashKey: bigint }[]
  retentionHours = 24
  highestIndex: number
  reader: StreamReader

  static async start(shardCount: number): Promise<ModelRun> {
    const clock = new ManualClock()
    const log = slowly(new MemoryLog(clock))
    const catalog = new MemoryCatalog()
    const fixture = await streamsFixture({ parts: { clock, log, catalog } })
    const stream = activeStream(shardCount, { createdAtMs: clock.nowMs() })
    await fixture.context.streams.create(stream)
    for (const { index } of stream.shards) await log.create(logIdOf(stream, index), { retentionMs: 24 * hourMs })
    const run = new ModelRun(clock, log, catalog, fixture, shardCount)
    await run.reader.start()
    return run
  }

  constructor(
    clock: ManualClock,
    log: RecordLog,
    catalog: MemoryCatalog,
    fixture: Awaited<ReturnType<typeof streamsFixture>>,
    shardCount: number,
  ) {
    this.clock = clock
    this.log = log
    this.catalog = catalog
    this.fixture = fixture
    this.ranges = uniformRanges(shardCount)
    this.highestIndex = shardCount - 1
    this.reader = new StreamReader((name, body) => this.fixture.call(name, body))
  }

  get stream() {
    return this.fixture.context.streams.get('s')
  }

  async do(next: Command): Promise<void> {
    switch (next.kind) {
      case 'put':
        await this.put(next.keys, next.hashKey)
        break
      case 'split':
        await this.split(next)
        break
      case 'merge':
        await this.merge(next)
        break
      case 'scale': {
        const target = Math.max(1, Math.min(12, Math.round((this.ranges.length * next.percent) / 100)))
        if (target > this.ranges.length * 2 || target < this.ranges.length / 2) return
        this.ranges = uniformRanges(target)
        await this.reshard('UpdateShardCount', { TargetShardCount: target, ScalingType: 'UNIFORM_SCALING' }, next.puts)
        break
      }
      case 'retention':
        await this.retain(next.hours)
        break
      case 'read':
        await this.reader.readSome(next.limit)
        break
      case 'restart':
        await this.fixture.service.stop()
        this.fixture = await streamsFixture({ parts: { clock: this.clock, log: this.log, catalog: this.catalog } })
        break
      case 'pass':
        await this.clock.advance(next.ms)
        this.expire()
        break
      case 'clockBack':
        this.clock.setWallClock(this.clock.nowMs() - next.ms)
        break
    }
  }

  /** Everything is read once more from the start, and to the end by the reader that read all the time. */
  async end(): Promise<void> {
    const fresh = new StreamReader((name, body) => this.fixture.call(name, body))
    await fresh.start()
    for (const reader of [this.reader, fresh]) {
      await reader.drain()
      this.check(reader)
    }
    const seen = new Set(fresh.seen.map(({ id }) => id))
    const nowMs = this.clock.nowMs()
    for (const { id, atMs } of this.records)
      if (atMs + this.retentionHours * hourMs < nowMs) assert(!seen.has(id), `${id} is expired but read`)
    await this.fixture.service.stop()
  }

  check({ seen }: StreamReader): void {
    const places = new Map(this.records.map(({ id }, place) => [id, place]))
    const last = new Map<string, number>()
    for (const { id, key: partitionKey } of seen) {
      const place = places.get(id)
      assert(place !== undefined, `${id} was read but never put`)
      assert(place > (last.get(partitionKey) ?? -1), `${id} was read twice or out of order`)
      last.set(partitionKey, place)
    }
    const ids = new Set(seen.map(({ id }) => id))
    for (const { id, isExpired } of this.records) assert(isExpired || ids.has(id), `${id} was put but not read`)
  }

  /** One request after the other; a request with several records may have them in any shards. */
  async put(keys: readonly string[], hashKey?: bigint): Promise<void> {
    const first = this.records.length
    const { FailedRecordCount, Records } = await this.fixture.call('PutRecords', {
      StreamName: 's',
      Records: keys.map((PartitionKey, i) => ({
        Data: Buffer.from(`${first + i}`),
        // With a hash key of its own, a record has a partition key of its own: order is promised for each shard's keys.
        PartitionKey: hashKey === undefined ? PartitionKey : `at ${hashKey}`,
        ...(hashKey !== undefined && { ExplicitHashKey: `${hashKey}` }),
      })),
    })
    assert.equal(FailedRecordCount, 0)
    for (const [i, { SequenceNumber }] of Records.entries()) {
      const partitionKey = hashKey === undefined ? keys[i]! : `at ${hashKey}`
      const sequenceNumber = BigInt(SequenceNumber)
      const before = this.records.findLast((record) => record.key === partitionKey)
      assert(!before || sequenceNumber > before.sequenceNumber, `the sequence numbers of key ${partitionKey} rise`)
      // Storage's time never goes back, the clock's may: what came is not older than the newest before it.
      const atMs = this.clock.nowMs()
      this.records.push({ id: `${first + i}`, key: partitionKey, sequenceNumber, atMs, isExpired: false })
    }
  }

  async split({ shard: chosen, percent, puts: during }: Command & { kind: 'split' }): Promise<void> {
    if (this.ranges.length >= 12) return
    const place = chosen % this.ranges.length
    const { startingHashKey, endingHashKey } = this.ranges[place]!
    const newStart = startingHashKey + ((endingHashKey - startingHashKey) * BigInt(percent)) / 100n
    const body = { ShardToSplit: this.idAt(place), NewStartingHashKey: `${newStart}` }
    if (newStart <= startingHashKey + 1n || newStart >= endingHashKey) {
      await assert.rejects(this.fixture.call('SplitShard', { StreamName: 's', ...body }), {
        code: 'InvalidArgumentException',
      })
      return
    }
    const parts = [
      { startingHashKey, endingHashKey: newStart - 1n },
      { startingHashKey: newStart, endingHashKey },
    ]
    this.ranges = this.ranges.toSpliced(place, 1, ...parts)
    await this.reshard('SplitShard', body, during)
  }

  async merge({ shard: chosen, isUpperFirst, puts: during }: Command & { kind: 'merge' }): Promise<void> {
    if (this.ranges.length < 2) return
    const place = chosen % (this.ranges.length - 1)
    const ids = [this.idAt(place), this.idAt(place + 1)]
    const [ShardToMerge, AdjacentShardToMerge] = isUpperFirst ? ids.reverse() : ids
    const { startingHashKey } = this.ranges[place]!
    const { endingHashKey } = this.ranges[place + 1]!
    this.ranges = this.ranges.toSpliced(place, 2, { startingHashKey, endingHashKey })
    await this.reshard('MergeShards', { ShardToMerge, AdjacentShardToMerge }, during)
  }

  /** Begins it, puts and reads records while it goes on, and waits for its end. */
  async reshard(operation: string, body: object, during: readonly string[]): Promise<void> {
    await this.fixture.call(operation, { StreamName: 's', ...body })
    await assert.rejects(this.fixture.call(operation, { StreamName: 's', ...body }), { code: 'ResourceInUseException' })
    const putting = (async () => {
      for (const partitionKey of during) await this.put([partitionKey])
    })()
    const reading = (async () => {
      while (this.stream.status !== 'ACTIVE') {
        await this.reader.readSome(3)
        await new Promise((resolve) => setImmediate(resolve))
      }
    })()
    await Promise.all([putting, reading, this.untilActive()])
    const { openShards } = this.stream.shardMap
    assert.deepEqual(
      openShards.map(({ startingHashKey, endingHashKey }) => ({ startingHashKey, endingHashKey })),
      this.ranges,
    )
    const indexes = this.stream.shards.map(({ index }) => index)
    assert.equal(new Set(indexes).size, indexes.length, 'no index is given twice')
    assert(Math.max(...indexes) >= this.highestIndex)
    this.highestIndex = Math.max(...indexes)
  }

  async retain(hours: number): Promise<void> {
    const operation = hours >= this.retentionHours ? 'IncreaseStreamRetentionPeriod' : 'DecreaseStreamRetentionPeriod'
    if (hours === this.retentionHours) return
    await this.fixture.call(operation, { StreamName: 's', RetentionPeriodHours: hours })
    const before = this.retentionHours
    await this.untilActive()
    this.retentionHours = Math.min(before, hours)
    this.expire()
    this.retentionHours = hours
  }

  async untilActive(): Promise<void> {
    for (let i = 0; this.stream.status !== 'ACTIVE'; i++) {
      assert(i < 1000, 'the stream becomes ACTIVE again')
      await this.clock.advance(100)
    }
    this.expire()
  }

  /** What is as old as the retention may be gone from now on, and for good. */
  expire(): void {
    const horizonMs = this.clock.nowMs() - this.retentionHours * hourMs
    for (const record of this.records) if (record.atMs <= horizonMs) record.isExpired = true
  }

  idAt(place: number): string {
    return `${this.stream.shardMap.openShards[place]!.index}`
  }
}

/** The same log, but what changes it takes a few turns of the event loop: puts meet shards that are just closing. */
function slowly(log: RecordLog): RecordLog {
  const turns = async (count: number) => {
    for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
  }
  return {
    create: (...given) => turns(2).then(() => log.create(...given)),
    delete: (...given) => log.delete(...given),
    configure: (...given) => turns(1).then(() => log.configure(...given)),
    append: (...given) => turns(3).then(() => log.append(...given)),
    find: (...given) => log.find(...given),
    appendRuns: (...given) => turns(3).then(() => log.appendRuns(...given)),
    close: (...given) => turns(1).then(() => log.close(...given)),
    read: (...given) => log.read(...given),
    offsetAt: (...given) => log.offsetAt(...given),
    bounds: (...given) => log.bounds(...given),
    sizeBytes: (...given) => log.sizeBytes(...given),
    trim: (...given) => log.trim(...given),
  }
}
