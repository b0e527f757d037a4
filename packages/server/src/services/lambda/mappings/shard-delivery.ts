import assert from 'node:assert/strict'
import { anySignal } from '@millrace/ports'
import { Bell } from '../../../core/bell.ts'
import type { StreamPage, StreamReader, StreamRecord, StreamSource } from '../../../core/ports/streams.ts'
import { bufferedBytesMax, bufferedRecordsMax, payloadBytesMax } from '../limits.ts'
import type { BatchParts, BatchRunner, OpenWindow } from './batch-runner.ts'
import type { BufferRoom } from './buffer-room.ts'
import { type CheckpointStore, isUpTo, type ShardCheckpoint } from './checkpoint.ts'
import { type EventCounts, eventCounts } from './event-counts.ts'
import type { EventFilter } from './event-filter.ts'
import { Lane, laneOf } from './lane.ts'
import type { Mapping } from './mapping.ts'
import { type EventSource, envelopeBytesMax, recordJsonBytes } from './stream-event.ts'

/** What one read asks for: much where much is waiting and there is room, little else. */
const pageBytesMax = 6 * 1024 * 1024
const smallPageBytesMax = 128 * 1024
const pageRecordsMax = 10_000

/** A read without any records comes back after this long: so soon is seen that a tumbling window is over. */
const readWaitMs = 30_000
const windowReadWaitMs = 1000

/** A record is visible so long after its arrival at the latest: only then a tumbling window is over. */
const lateMs = 1000

/** Where only records come that no filter lets through, the checkpoint follows at this pace. */
const idleSaveMs = 10_000

const lookAgainMs = 60_000

/** Changes of the ParallelizationFactor that are remembered while one lane is far behind. */
const earlierLanesMax = 4

export type ShardDeliveryParts = Pick<BatchParts, 'clock' | 'logger' | 'metrics'> & {
  readonly streams: StreamReader
  readonly checkpoints: CheckpointStore
  /** Shared by all deliveries. */
  readonly room: BufferRoom
  /** Reads of a shard that is shared with others are so far apart at least. */
  readonly pollMs: number
}

/**
 * Brings the records of one shard to the function:
 *
 *   poller → lanes, by partition key → a batch of each → function → checkpoint, last
 */
export class ShardDelivery {
  readonly #parts: ShardDeliveryParts
  readonly #mapping: Mapping
  readonly #stream: StreamSource
  readonly #source: EventSource
  readonly #runner: BatchRunner
  readonly #filter: EventFilter | undefined
  readonly #counts: EventCounts | undefined
  readonly #resumed: ShardCheckpoint
  readonly #lanes: Lane[]
  /** Rung whenever there may be something to do. */
  readonly #bell = new Bell()
  #window: OpenWindow | undefined
  /** All records up to it were put into a lane, or need none. */
  #readTo: string
  #savedAfter: string
  #savedAtMs: number
  /** Until then (wall clock) all records that came are read. */
  #caughtUpMs = 0
  #isEnded = false
  #save: { running: Promise<void> | undefined; next: Promise<void> | undefined } = {
    running: undefined,
    next: undefined,
  }

  constructor(
    parts: ShardDeliveryParts,
    mapping: Mapping,
    stream: StreamSource,
    source: EventSource,
    runner: BatchRunner,
    filter: EventFilter | undefined,
    checkpoint: ShardCheckpoint,
  ) {
    this.#parts = parts
    this.#mapping = mapping
    this.#stream = stream
    this.#source = source
    this.#runner = runner
    this.#filter = filter
    this.#counts = eventCounts(parts.metrics, mapping)
    this.#resumed = checkpoint
    this.#readTo = checkpoint.after
    this.#savedAfter = checkpoint.after
    this.#savedAtMs = parts.clock.monotonicMs()
    const { parallelizationFactor, tumblingWindowSeconds } = mapping
    const isSame = checkpoint.lanes?.length === parallelizationFactor
    this.#lanes = Array.from(
      { length: parallelizationFactor },
      (_, i) => new Lane(isSame ? checkpoint.lanes![i]! : checkpoint.after),
    )
    if (tumblingWindowSeconds > 0 && checkpoint.window) {
      const { startMs, state } = checkpoint.window
      this.#window = { startMs, endMs: startMs + tumblingWindowSeconds * 1000, state }
    }
  }

  /**
   * Runs until `signal` aborts, or the end of a closed shard is reached and told to the checkpoint.
   * @throws ResourceNotFoundException if the shard, the stream or the consumer is gone
   */
  async run(signal: AbortSignal): Promise<void> {
    const failed = new AbortController()
    const stop = anySignal([signal, failed.signal])
    const guard = async (work: Promise<void>) => {
      try {
        await work
      } catch (error) {
        failed.abort()
        throw error
      }
    }
    const loops = [this.#poll(stop), ...this.#lanes.map((lane) => this.#runLane(lane, stop))]
    const outcomes = await Promise.allSettled(loops.map(guard))
    this.#parts.room.hold(this, 0)
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
    if (this.#isEnded && !signal.aborted) await this.#saveCheckpoint(true)
    else if (this.#position() !== this.#savedAfter) await this.#saveCheckpoint()
  }

  async #poll(signal: AbortSignal): Promise<void> {
    const { clock, pollMs, room, streams } = this.#parts
    const isShared = this.#stream.consumerName === undefined
    const waitMs = this.#mapping.tumblingWindowSeconds > 0 ? windowReadWaitMs : readWaitMs
    let after = this.#readTo
    let isMore: boolean = true
    while (!signal.aborted) {
      const startedMs = clock.monotonicMs()
      const leave: (() => void) | undefined = isMore ? room.enter(pageBytesMax) : undefined
      const bytesMax = leave ? pageBytesMax : smallPageBytesMax
      const limits = { bytesMax, recordsMax: pageRecordsMax, waitMs: isMore ? 0 : waitMs }
      const page: StreamPage = await streams
        .read(this.#stream, this.#source.shardId, after, limits, signal)
        .finally(leave)
      after = page.after
      isMore = !page.isCaughtUp
      this.#take(page.records)
      if (page.isAtEnd) this.#isEnded = true
      else if (page.isCaughtUp && !signal.aborted) this.#caughtUpMs = clock.nowMs()
      this.#bell.ring()
      if (this.#isEnded) return
      await this.#saveWhatIsFiltered()
      while (this.#isFull() && !signal.aborted) await this.#bell.wait(clock, lookAgainMs, signal)
      const restMs = startedMs + pollMs - clock.monotonicMs()
      if (isShared && page.records.length > 0 && !isMore && restMs > 0) await clock.sleep(restMs, signal)
    }
  }

  #take(records: readonly StreamRecord[]): void {
    const nowMs = this.#parts.clock.monotonicMs()
    let filteredOut = 0
    for (const record of records) {
      const passes = !this.#filter || this.#filter.passes(record)
      if (!passes) filteredOut++
      else if (!this.#isDone(record)) {
        const lane = this.#lanes[laneOf(record.partitionKey, this.#lanes.length)]!
        lane.add(record, recordJsonBytes(this.#source, record), nowMs)
      }
      this.#readTo = record.sequenceNumber
    }
    if (records.length > 0) this.#counts?.count('PolledEventCount', records.length)
    if (filteredOut > 0) this.#counts?.count('FilteredOutEventCount', filteredOut)
    this.#tellRoom()
  }

  /** Was it done before the delivery was resumed, by a lane that was ahead of the others? */
  #isDone({ partitionKey, sequenceNumber }: StreamRecord): boolean {
    const { earlierLanes = [], lanes = [] } = this.#resumed
    for (const ahead of [lanes, ...earlierLanes])
      if (ahead.length > 0 && isUpTo(sequenceNumber, ahead[laneOf(partitionKey, ahead.length)]!)) return true
    return false
  }

  /** What was done ahead of the checkpoint by the lanes of other ParallelizationFactors, before this one. */
  #earlierLanes(after: string): readonly (readonly string[])[] {
    const { earlierLanes = [], lanes = [] } = this.#resumed
    const isContinued = lanes.length === this.#lanes.length // today's lanes began where those were
    return [...earlierLanes, ...(isContinued ? [] : [lanes])]
      .filter((ahead) => ahead.some((position) => !isUpTo(position, after)))
      .slice(-earlierLanesMax)
  }

  #tellRoom(): void {
    this.#parts.room.hold(
      this,
      this.#lanes.reduce((sum, lane) => sum + lane.sizeBytes + lane.takenBytes, 0),
    )
  }

  #isFull(): boolean {
    let count = 0
    let bytes = 0
    for (const lane of this.#lanes) {
      count += lane.count
      bytes += lane.sizeBytes
    }
    return count >= bufferedRecordsMax || bytes >= bufferedBytesMax
  }

  async #runLane(lane: Lane, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const work = await this.#nextWork(lane, signal)
      if (work === undefined) return
      if (work === 'finishWindow') await this.#finishWindow(signal)
      else await this.#deliver(lane, work, signal)
      this.#bell.ring()
    }
  }

  /** The next batch, once it is full or has waited long enough; undefined when there will be none. */
  async #nextWork(lane: Lane, signal: AbortSignal): Promise<StreamRecord[] | 'finishWindow' | undefined> {
    const { clock } = this.#parts
    const { batchSize, batchingWindowSeconds, tumblingWindowSeconds } = this.#mapping
    const bytesMax = payloadBytesMax - envelopeBytesMax(tumblingWindowSeconds > 0)
    while (!signal.aborted) {
      if (this.#isWindowOver(lane)) return 'finishWindow'
      const { first, sinceMs } = lane
      if (first === undefined && this.#isEnded) return this.#window ? 'finishWindow' : undefined
      let waitMs = lookAgainMs
      if (first !== undefined && sinceMs !== undefined) {
        const belongs = (record: StreamRecord) => this.#windowStartMs(record) === this.#windowStartMs(first)
        waitMs = sinceMs + batchingWindowSeconds * 1000 - clock.monotonicMs()
        if (waitMs <= 0 || this.#isEnded || lane.isFull(batchSize, bytesMax, belongs))
          return lane.take(batchSize, bytesMax, belongs)
      }
      await this.#bell.wait(clock, waitMs, signal)
    }
    return undefined
  }

  async #deliver(lane: Lane, records: readonly StreamRecord[], signal: AbortSignal): Promise<void> {
    const { tumblingWindowSeconds } = this.#mapping
    if (tumblingWindowSeconds > 0 && !this.#window) {
      const startMs = this.#windowStartMs(records[0]!)
      this.#window = { startMs, endMs: startMs + tumblingWindowSeconds * 1000, state: '{}' }
    }
    const onProgress = async ({ sequenceNumber }: StreamRecord, state: string | undefined) => {
      lane.doneThrough = sequenceNumber
      if (this.#window && state !== undefined) this.#window = { ...this.#window, state }
      if (sequenceNumber === records.at(-1)!.sequenceNumber) lane.isBusy = false
      await this.#saveCheckpoint()
    }
    await this.#runner.run(records, this.#window, onProgress, signal)
    lane.takenBytes = 0
    this.#tellRoom()
    assert(signal.aborted || !lane.isBusy, 'a batch that was not interrupted came to its end')
  }

  async #finishWindow(signal: AbortSignal): Promise<void> {
    const isTold = await this.#runner.finishWindow(this.#window!, false, signal)
    if (!isTold) return
    this.#window = undefined
    await this.#saveCheckpoint()
  }

  /** It is over when a record of a later one waits, or none came until some time after its end. */
  #isWindowOver(lane: Lane): boolean {
    if (!this.#window) return false
    const { startMs, endMs } = this.#window
    return lane.first ? this.#windowStartMs(lane.first) !== startMs : this.#caughtUpMs >= endMs + lateMs
  }

  #windowStartMs({ arrivedAtMs }: StreamRecord): number {
    const lengthMs = this.#mapping.tumblingWindowSeconds * 1000
    return lengthMs === 0 ? 0 : Math.floor(arrivedAtMs / lengthMs) * lengthMs
  }

  /** Everything up to it is done, in all lanes. */
  #position(): string {
    return this.#lanes.map((lane) => this.#positionOf(lane)).reduce((a, b) => (isUpTo(a, b) ? a : b))
  }

  /** A lane in which nothing waits is as far as the reading. */
  #positionOf({ count, doneThrough, isBusy }: Lane): string {
    return count > 0 || isBusy || isUpTo(this.#readTo, doneThrough) ? doneThrough : this.#readTo
  }

  async #saveWhatIsFiltered(): Promise<void> {
    const isDue = this.#parts.clock.monotonicMs() - this.#savedAtMs >= idleSaveMs
    if (isDue && this.#position() !== this.#savedAfter) await this.#saveCheckpoint()
  }

  /** Lanes that finish while one write is under way share the next. Resolves once what is done by now is durable. */
  #saveCheckpoint(isDone = false): Promise<void> {
    this.#save.next ??= (this.#save.running ?? Promise.resolve()).then(() => {
      this.#save.next = undefined
      this.#save.running = this.#writeCheckpoint(isDone)
      return this.#save.running
    })
    return this.#save.next
  }

  async #writeCheckpoint(isDone: boolean): Promise<void> {
    const { checkpoints, clock } = this.#parts
    const after = this.#position()
    const earlierLanes = this.#earlierLanes(after)
    const checkpoint: ShardCheckpoint = {
      streamId: this.#stream.streamId,
      after,
      ...(this.#lanes.length > 1 && { lanes: this.#lanes.map((lane) => this.#positionOf(lane)) }),
      ...(earlierLanes.length > 0 && { earlierLanes }),
      ...(this.#window && { window: { startMs: this.#window.startMs, state: this.#window.state } }),
      ...(isDone && { isDone }),
    }
    await checkpoints.save(this.#mapping.uuid, this.#source.shardId, checkpoint)
    this.#savedAfter = after
    this.#savedAtMs = clock.monotonicMs()
  }
}
