import type { KinesisClient } from '@aws-sdk/client-kinesis'
import { encodeKinesisRecord, encodingOf } from './encoding.ts'
import { digestRecords, type KinesisRecord, unpacked } from './kinesis-record.ts'
import type { PendingRecord } from './pending-record.ts'
import type { Settings } from './producer-options.ts'
import { type CallOutcome, putRecords } from './put-call.ts'
import { ShardMap } from './shard-map.ts'
import { type EncodeRecord, ShardQueue, shardBytesReady } from './shard-queue.ts'

/** One PutRecords: each Kinesis record, and the queue that it came from. */
export type Call = { readonly records: KinesisRecord[]; readonly queues: ShardQueue[]; bytes: number }

/** What the dispatcher asks of the producer. */
export interface DispatchEvents {
  /** A call came to its end. */
  answered(call: Call, outcome: CallOutcome): void
  /** This one is not sent (any more): something in it has expired, or could not be encoded. */
  stuck(record: KinesisRecord): void
}

/**
 * Brings records into the queues of their shards, and sends what is due or enough for a call: a shard with much to send in
 * calls of its own, the others together.
 */
export class Dispatcher {
  readonly shardMap: ShardMap
  readonly #kinesis: Pick<KinesisClient, 'send'>
  readonly #settings: Settings
  readonly #events: DispatchEvents
  readonly #encode: EncodeRecord | undefined
  /** In the order of the shard map's ranges. */
  #queues: ShardQueue[] = []
  /** Queues in which something waits or is on its way; who sent last comes last. */
  readonly #active = new Set<ShardQueue>()
  /** For records whose shard is not known. */
  readonly #loose: ShardQueue
  /** Until the shards were listed for the first time, or that failed: in a hurry they would lose their order. */
  #unrouted: PendingRecord[] = []
  /** The shards could not be listed when that was last tried. */
  #isUnlisted = false
  #callsUnderWay = 0
  /** Kinesis records that were packed since, or left over from, the last look at all queues. */
  #packedCount = 0
  #wakeMs = Number.POSITIVE_INFINITY
  #stopTimer: (() => void) | undefined
  #isPumping = false
  #isPumpedAgain = false

  constructor(kinesis: Pick<KinesisClient, 'send'>, settings: Settings, events: DispatchEvents) {
    const { stream, clock, logger, requestTimeoutMs, encodingScope, recordSizeBytesMax } = settings
    this.#kinesis = kinesis
    this.#settings = settings
    this.#events = events
    const encode = encodingScope === 'kinesis-record' ? encodingOf(settings) : undefined
    this.#encode = encode && ((record) => encodeKinesisRecord(encode, record, recordSizeBytesMax, () => this.pump()))
    this.#loose = new ShardQueue(undefined, settings, clock.monotonicMs(), this.#encode)
    this.shardMap = new ShardMap({
      kinesis,
      stream,
      clock,
      logger,
      requestTimeoutMs,
      onChange: () => this.#reroute(),
      onFailure: () => this.#release(),
    })
  }

  /** Puts a record into the queue of its shard; sends what that made ready. */
  route(record: PendingRecord): void {
    const queue = this.#queueOf(record)
    if (queue === undefined) {
      this.#unrouted.push(record)
      return
    }
    this.#add(queue, record)
    const isMuch = queue.packedBytes >= queue.lookAtBytes && !queue.isBusy
    if (isMuch || this.#packedCount >= this.#settings.collectionCountMax) this.pump()
    if (record.dueMs < this.#wakeMs) this.#wakeAt(record.dueMs)
  }

  /** Sends Kinesis records once more as they are, before others of their shard; the shard rests until `dueMs`. */
  sendAgain(queue: ShardQueue, records: readonly KinesisRecord[], dueMs: number): void {
    const isGone = queue === this.#loose ? this.shardMap.ranges !== undefined : !this.#queues.includes(queue)
    if (isGone) {
      for (const record of records.flatMap(unpacked)) this.route(record)
      return
    }
    for (const record of records.toReversed()) {
      record.dueMs = dueMs
      queue.putBack(record)
    }
    queue.restsUntilMs = dueMs
    this.#active.add(queue)
  }

  /** Everything that waits goes out as soon as it may. */
  hurry(): void {
    const nowMs = this.#settings.clock.monotonicMs()
    for (const record of this.#unrouted) record.dueMs = nowMs
    for (const queue of this.#active) queue.hurry(nowMs)
    this.pump()
  }

  stop(): void {
    this.shardMap.stop()
    this.#stopTimer?.()
  }

  /** Looks at all queues, and sends what is ready. */
  pump(): void {
    this.#isPumpedAgain = true
    if (this.#isPumping) return
    this.#isPumping = true
    while (this.#isPumpedAgain) {
      this.#isPumpedAgain = false
      this.#look(this.#settings.clock.monotonicMs())
    }
    this.#isPumping = false
  }

  #look(nowMs: number): void {
    const { collectionCountMax, collectionSizeBytesMax, connectionsMax } = this.#settings
    let count = 0
    let bytes = 0
    for (const queue of this.#active) {
      if (queue.packingDueMs <= nowMs) queue.seal()
      while (queue.next && (queue.next.expiresMs <= nowMs || queue.next.encodingFault)) this.#events.stuck(queue.take())
      if (queue.isBusy || queue.restsUntilMs > nowMs) continue
      count += queue.packedCount
      bytes += queue.packedBytes
    }
    const isEnough = count >= collectionCountMax || bytes >= collectionSizeBytesMax
    const shared: ShardQueue[] = []
    for (const queue of [...this.#active]) {
      const { next } = queue
      if (!next || queue.isBusy || queue.restsUntilMs > nowMs) continue
      const isHeavy = queue.packedBytes >= shardBytesReady
      if (!isHeavy && !isEnough && next.dueMs > nowMs) continue
      if (!isHeavy) shared.push(queue)
      else if (this.#callsUnderWay < connectionsMax) count -= this.#send([queue], nowMs)
    }
    while (shared.length > 0 && this.#callsUnderWay < connectionsMax) count -= this.#send(shared, nowMs)
    // What is more than enough waits for a connection or a rate limit, and is looked at when its time comes.
    this.#packedCount = count >= collectionCountMax ? 0 : count
    for (const queue of this.#active) queue.lookAtBytes = queue.packedBytes + shardBytesReady
    this.#sleep(nowMs)
  }

  /** Sends one call from these queues; drops from the list those from which nothing more can go. @returns records sent */
  #send(queues: ShardQueue[], nowMs: number): number {
    const { collectionCountMax, collectionSizeBytesMax } = this.#settings
    const call: Call = { records: [], queues: [], bytes: 0 }
    const isFull = () => call.records.length === collectionCountMax
    while (queues.length > 0 && !isFull()) {
      const queue = queues[0]!
      const { next } = queue
      if (!next?.data || queue.restsUntilMs > nowMs) {
        queues.shift()
        continue
      }
      const isFirst = call.records.length === 0
      if (!isFirst && (next.isSuspect || call.bytes + next.sizeBytes > collectionSizeBytesMax)) break
      const waitMs = queue.waitMs(nowMs)
      if (waitMs > 0) {
        queue.restsUntilMs = nowMs + waitMs
        continue
      }
      call.records.push(queue.take())
      call.queues.push(queue)
      call.bytes += next.sizeBytes
      if (next.isSuspect) break
    }
    if (call.records.length === 0) return 0
    // With those of the others that wait: side by side they take less.
    if (call.records.some(({ isDigested }) => !isDigested))
      digestRecords([...this.#active].flatMap((each) => each.takeUndigested()))
    const concerned = new Set(call.queues)
    for (const queue of concerned) {
      queue.callsUnderWay++
      // Behind the others: when calls are scarce, each has its turn.
      this.#active.delete(queue)
      this.#active.add(queue)
    }
    // Its next records wait until these have arrived.
    for (let i = queues.length - 1; i >= 0; i--) if (queues[i]!.isBusy) queues.splice(i, 1)
    this.#callsUnderWay++
    void putRecords(this.#kinesis, call.records, this.#settings).then((outcome) => {
      this.#callsUnderWay--
      for (const queue of concerned) queue.callsUnderWay--
      this.#events.answered(call, outcome)
      for (const queue of concerned) if (queue.isEmpty) this.#active.delete(queue)
      this.pump()
    })
    return call.records.length
  }

  /** Undefined while the shards are listed for the first time. */
  #queueOf({ partitionKey, explicitHashKey, keyMark }: PendingRecord): ShardQueue | undefined {
    const { ranges } = this.shardMap
    if (ranges) return this.#queues[ranges.indexOf(partitionKey, explicitHashKey, keyMark)]
    void this.shardMap.refresh()
    return this.#isUnlisted ? this.#loose : undefined
  }

  #add(queue: ShardQueue, record: PendingRecord): void {
    const before = queue.packedCount
    queue.add(record)
    this.#packedCount += queue.packedCount - before
    this.#active.add(queue)
  }

  /** The shards could not be listed: what waits for them goes alone. */
  #release(): void {
    const records = this.#unrouted
    this.#unrouted = []
    this.#isUnlisted = true
    for (const record of records) this.#add(this.#loose, record)
    if (records.length > 0) this.pump()
  }

  /** The shards have changed: makes their queues, and brings what waited for others into them, in its order. */
  #reroute(): void {
    const { clock } = this.#settings
    const before = new Map(this.#queues.map((queue) => [queue.shardId, queue]))
    this.#queues = this.shardMap.ranges!.shards.map(
      ({ shardId }) =>
        before.get(shardId) ?? new ShardQueue(shardId, this.#settings, clock.monotonicMs(), this.#encode),
    )
    const open = new Set(this.#queues)
    const homeless: PendingRecord[] = []
    for (const queue of [...before.values(), this.#loose]) {
      if (open.has(queue)) continue
      for (const record of queue.takeAll()) homeless.push(record)
      if (queue.isEmpty) this.#active.delete(queue)
    }
    for (const record of this.#unrouted) homeless.push(record)
    this.#unrouted = []
    for (const record of homeless) this.route(record)
    this.pump()
  }

  /** Sets the timer for what comes next. */
  #sleep(nowMs: number): void {
    const isFull = this.#callsUnderWay >= this.#settings.connectionsMax
    let wakeMs = Number.POSITIVE_INFINITY
    for (const queue of this.#active) {
      const { next } = queue
      wakeMs = Math.min(wakeMs, queue.packingDueMs, next?.expiresMs ?? wakeMs)
      if (next?.data && !isFull && !queue.isBusy) wakeMs = Math.min(wakeMs, Math.max(next.dueMs, queue.restsUntilMs))
      if (queue.isEmpty) this.#active.delete(queue)
    }
    if (wakeMs === Number.POSITIVE_INFINITY) {
      this.#stopTimer?.()
      this.#wakeMs = wakeMs
    } else this.#wakeAt(Math.max(wakeMs, nowMs))
  }

  #wakeAt(ms: number): void {
    if (ms === this.#wakeMs) return
    this.#stopTimer?.()
    this.#wakeMs = ms
    this.#stopTimer = this.#settings.clock.after(Math.max(0, ms - this.#settings.clock.monotonicMs()), () => {
      this.#wakeMs = Number.POSITIVE_INFINITY
      this.pump()
    })
  }
}
