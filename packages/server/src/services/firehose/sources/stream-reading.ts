import { anySignal, type Clock, type Logger } from '@millrace/ports'
import { AwsError } from '../../../core/aws-error.ts'
import type { Bell } from '../../../core/bell.ts'
import type { MetricSink } from '../../../core/ports/metrics.ts'
import type { StreamPage, StreamReader, StreamSource } from '../../../core/ports/streams.ts'
import { ReadRefused } from '../../../core/role-stream-reader.ts'
import { count } from '../metrics.ts'
import { sourcePagesOf } from './kinesis-records.ts'
import type { PageJunction } from './page-junction.ts'

/*
 * The lanes of a stream, in the checkpoint of a delivery stream:
 *
 *   stream               the stream's id, once each shard that it had then has a lane
 *   STREAM-ID/SHARD-ID   the sequence number behind which the shard is read, or `end`
 *
 * The lane of a finished shard stays as long as the stream lists it: without a lane it would be a new one, and read again.
 */

/** Lane → where it goes on, as far as pages were handed over. */
export type Lanes = Map<string, string>

/** The place of a shard that was read to its end. */
export const shardEnd = 'end'
const streamLane = 'stream'

/** Pages that wait, one for each shard, over all shards of a delivery stream; but a page is never smaller than its least. */
const pagesBytesMax = 64 * 1024 * 1024
const pageBytesMax = 1024 * 1024
const pageBytesMin = 64 * 1024
const pageRecordsMax = 10_000

/** A read without any records comes back after this long. */
const readWaitMs = 30_000

/** After an error, what failed is tried again so much later. */
const retryMs = 1000

/** Shards may expire without any change that is told: they are looked at again at this pace. */
export const lookAgainMs = 60_000

export type KinesisSourceParts = {
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: MetricSink
  readonly streams: StreamReader
  /** Reads of a shard, which others read, too, are so far apart at least. */
  readonly pollMs: number
  /** Told of records that were not delivered and are not there any more; of how many is unknown where a shard is gone. */
  readonly onGone?: ((shardId: string, recordCount: number | undefined) => void) | undefined
}

type Context = {
  /** Of the delivery stream. */
  readonly name: string
  readonly streamArn: string
  readonly startMs: number
  readonly lanes: Lanes
  readonly junction: PageJunction
  /** Lanes of shards all of which is delivered. */
  readonly delivered: ReadonlySet<string>
  readonly bell: Bell
  /** How far each shard that is read is behind now, in milliseconds. */
  readonly behind: Map<string, number>
}

/** Reads one stream, as long as it is there. */
export class StreamReading {
  readonly #parts: KinesisSourceParts
  readonly #context: Context
  readonly #stream: StreamSource
  readonly #reading = new Map<string, Promise<void>>()
  #pageBytes = pageBytesMin

  constructor(parts: KinesisSourceParts, context: Context, stream: StreamSource) {
    this.#parts = parts
    this.#context = context
    this.#stream = stream
  }

  /** Resolves when `signal` aborts, or another stream has the name, or none, and nobody reads this one any more. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, streams } = this.#parts
    const { bell, streamArn } = this.#context
    const gone = new AbortController()
    const stop = anySignal([signal, gone.signal])
    try {
      await this.#place()
      while (!stop.aborted && streams.find(streamArn)?.streamId === this.#stream.streamId) {
        const expired = this.#startShards(stop)
        if (expired.length > 0) for (const lane of expired) await this.#forget(lane)
        else await bell.wait(clock, lookAgainMs, stop)
      }
    } catch (error) {
      if (!isGone(error)) throw error
      await clock.sleep(retryMs, signal)
    } finally {
      gone.abort()
      await Promise.all(this.#reading.values())
    }
  }

  /**
   * Gives each shard that there is a lane from which it is read. Nobody reads before all have one, so that a crash in the
   * middle changes nothing.
   */
  async #place(): Promise<void> {
    const { clock, streams } = this.#parts
    const { lanes, startMs } = this.#context
    const before = lanes.get(streamLane)
    if (before === this.#stream.streamId) return
    // Of a stream that was made later, nothing was there before.
    const timestampMs = Math.min(startMs, clock.nowMs())
    const start = before === undefined ? ({ type: 'AT_TIMESTAMP', timestampMs } as const) : trimHorizon
    for (const { shardId } of streams.shards(this.#stream)) {
      const lane = this.#laneOf(shardId)
      if (!lanes.has(lane)) await this.#move(lane, await streams.position(this.#stream, shardId, start))
    }
    await this.#move(streamLane, this.#stream.streamId)
  }

  /** Starts what can be read and is not. Returns the lanes that nobody needs any more: also those of an earlier stream. */
  #startShards(signal: AbortSignal): string[] {
    const { delivered, lanes } = this.#context
    const shards = this.#parts.streams.shards(this.#stream)
    const listed = new Set(shards.map(({ shardId }) => this.#laneOf(shardId)))
    const unread = shards.filter(({ shardId }) => lanes.get(this.#laneOf(shardId)) !== shardEnd)
    this.#pageBytes = Math.min(Math.max(Math.floor(pagesBytesMax / unread.length), pageBytesMin), pageBytesMax)
    for (const { shardId, parentShardIds } of unread) {
      const parents = parentShardIds.map((parent) => this.#laneOf(parent))
      // Parents that are not listed have nothing left to read.
      const isReady = parents.every((parent) => !listed.has(parent) || delivered.has(parent))
      if (isReady && !this.#reading.has(shardId)) this.#startShard(shardId, signal)
    }
    const reading = new Set([...this.#reading.keys()].map((shardId) => this.#laneOf(shardId)))
    return [...lanes.keys()].filter((lane) => lane !== streamLane && !listed.has(lane) && !reading.has(lane))
  }

  #startShard(shardId: string, signal: AbortSignal): void {
    const reading = this.#readShard(shardId, signal).finally(() => {
      this.#reading.delete(shardId)
      this.#context.behind.delete(shardId)
      this.#context.bell.ring()
    })
    this.#reading.set(shardId, reading)
  }

  /** Resolves at the shard's end, when `signal` aborts, or some time after an error. */
  async #readShard(shardId: string, signal: AbortSignal): Promise<void> {
    const { clock, logger, pollMs, streams } = this.#parts
    const { junction, lanes, name } = this.#context
    const lane = this.#laneOf(shardId)
    try {
      // A shard without a lane came later, and is read from its beginning: its parents were read.
      let after = lanes.get(lane) ?? (await streams.position(this.#stream, shardId, trimHorizon))
      let isMore = true
      while (!signal.aborted) {
        const startedMs = clock.monotonicMs()
        const waitMs = isMore ? 0 : readWaitMs
        const limits = { bytesMax: this.#pageBytes, recordsMax: pageRecordsMax, waitMs }
        const page = await streams.read(this.#stream, shardId, after, limits, signal)
        if (signal.aborted) return
        this.#count(shardId, page)
        const before = after
        after = page.after
        isMore = !page.isCaughtUp
        const next = page.isAtEnd ? shardEnd : after
        if (page.records.length > 0 || page.isAtEnd) {
          if (!(await junction.offer(() => sourcePagesOf(page, shardId, { lane, before, next })))) return
          lanes.set(lane, next)
        }
        if (page.isAtEnd) return
        const restMs = startedMs + pollMs - clock.monotonicMs()
        if (!isMore && restMs > 0) await clock.sleep(restMs, signal)
      }
    } catch (error) {
      if (!isGone(error) && !(error instanceof ReadRefused))
        logger.log('error', 'a shard cannot be read, and is tried again', { deliveryStream: name, shardId, error })
      await clock.sleep(retryMs, signal)
    }
  }

  /** Drops the lane of a shard that is not there any more. */
  async #forget(lane: string): Promise<void> {
    const [streamId, shardId] = lane.split('/') as [string, string]
    const isUnread = this.#context.lanes.get(lane) !== shardEnd
    if (isUnread && streamId === this.#stream.streamId) this.#parts.onGone?.(shardId, undefined)
    await this.#move(lane, undefined)
  }

  /** Changes a lane without a record. */
  async #move(lane: string, next: string | undefined): Promise<void> {
    const { junction, lanes } = this.#context
    if (!(await junction.offer(() => [{ lane, next, records: [] }]))) return
    if (next === undefined) lanes.delete(lane)
    else lanes.set(lane, next)
  }

  #count(shardId: string, { records, behindMs, throttledCount = 0, goneCount = 0 }: StreamPage): void {
    const { metrics, onGone } = this.#parts
    const { behind, name } = this.#context
    behind.set(shardId, behindMs)
    count(metrics, name, 'KinesisMillisBehindLatest', behindMs)
    if (throttledCount > 0) count(metrics, name, 'ThrottledGetRecords', throttledCount)
    if (goneCount > 0) onGone?.(shardId, goneCount)
    if (records.length === 0) return
    const sizeBytes = records.reduce((sum, { data }) => sum + data.byteLength, 0)
    count(metrics, name, 'DataReadFromKinesisStream.Records', records.length)
    count(metrics, name, 'DataReadFromKinesisStream.Bytes', sizeBytes)
  }

  #laneOf = (shardId: string) => `${this.#stream.streamId}/${shardId}`
}

const trimHorizon = { type: 'TRIM_HORIZON' } as const

/** A stream or a shard that is not there any more. */
const isGone = (error: unknown) => error instanceof AwsError && error.code === 'ResourceNotFoundException'
