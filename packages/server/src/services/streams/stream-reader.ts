import { parseArn } from '../../core/arn.ts'
import type {
  StreamPage,
  StreamReader,
  StreamReadLimits,
  StreamRecord,
  StreamShard,
  StreamSource,
  StreamStart,
} from '../../core/ports/streams.ts'
import { consumerByArn } from './consumer-reference.ts'
import type { Consumer } from './consumer-store.ts'
import type { StreamsContext } from './context.ts'
import { consumerNotFound, streamNotFound } from './faults.ts'
import { streamArnOf } from './members.ts'
import { placeRecord } from './record-codec.ts'
import { createdAtSOf, numberBefore, SequenceDigits, sequenceDigits } from './sequence-number.ts'
import { readShard, type ShardPage } from './shard-reader.ts'
import { readableShard, startingOffset } from './starting-position.ts'
import { isExpired, retentionMsOf, type Shard, type Stream, shardIdOf } from './stream.ts'
import { StreamMetrics } from './stream-metrics.ts'
import { resubscribeMs, type Subscription, subscriptionLifeMs } from './subscriptions.ts'

/** A refused read is tried again so much later: shards allow five reads each second. */
const throttledMs = 200

/** Subscriptions kept in mind before those that are over are looked for. */
const subscriptionsBeforeSweep = 4096

/** A wait that ended early met a log that is just being closed, and is not repeated faster than this. */
const closingPaceMs = 10

/** The port by which the rest of the server reads streams: what GetRecords and SubscribeToShard do, without the wire. */
export class InnerStreamReader implements StreamReader {
  readonly #context: StreamsContext
  /** By shard and consumer. */
  readonly #subscriptions = new Map<string, Subscription>()

  constructor(context: StreamsContext) {
    this.#context = context
  }

  find(arn: string): StreamSource | undefined {
    const { place, streams } = this.#context
    const parts = parseArn(arn)
    if (parts?.service !== 'kinesis' || parts.accountId !== place.accountId || parts.region !== place.region)
      return undefined
    const [kind, name = '', ...more] = parts.resource.split('/')
    const stream = kind === 'stream' ? streams.find(name) : undefined
    if (!stream || stream.status === 'CREATING' || stream.status === 'DELETING') return undefined
    const consumerName = more.length === 0 ? undefined : this.#activeConsumer(arn)
    if (more.length > 0 && consumerName === undefined) return undefined
    return {
      streamId: stream.id,
      streamName: name,
      streamArn: streamArnOf(this.#context, stream),
      consumerName,
      retentionMs: retentionMsOf(stream),
    }
  }

  shards(source: StreamSource): readonly StreamShard[] {
    const stream = this.#context.streams.find(source.streamName)
    if (stream?.id !== source.streamId) return []
    const nowMs = this.#context.clock.nowMs()
    return stream.shards
      .filter((shard) => !isExpired(stream, shard, nowMs))
      .sort((a, b) => a.index - b.index)
      .map(({ index, parentIndex, adjacentParentIndex, closedAtMs }) => ({
        shardId: shardIdOf(index),
        parentShardIds: [parentIndex, adjacentParentIndex].filter((parent) => parent !== undefined).map(shardIdOf),
        isOpen: closedAtMs === undefined,
      }))
  }

  async position(source: StreamSource, shardId: string, start: StreamStart): Promise<string> {
    const { stream, shard } = this.#resolve(source, shardId)
    const timestamp = start.type === 'AT_TIMESTAMP' ? new Date(start.timestampMs) : undefined
    const position = { type: start.type, sequenceNumber: undefined, timestamp }
    const offset = await startingOffset(this.#context, stream, shard, position, 'GetShardIterator')
    return numberBefore(shard, offset, this.#context.clock.nowMs())
  }

  async read(
    source: StreamSource,
    shardId: string,
    after: string,
    limits: StreamReadLimits,
    signal: AbortSignal,
  ): Promise<StreamPage> {
    const { clock } = this.#context
    const endMs = clock.monotonicMs() + limits.waitMs
    let throttledCount = 0
    for (;;) {
      const isAdmitted = await this.#admit(source, shardId, () => throttledCount++, signal)
      const waitMs = Math.max(0, endMs - clock.monotonicMs())
      const { stream, shard } = this.#resolve(source, shardId)
      const position = { type: 'AFTER_SEQUENCE_NUMBER', sequenceNumber: after, timestamp: undefined } as const
      const offset = await startingOffset(this.#context, stream, shard, position, 'GetRecords')
      if (signal.aborted || !isAdmitted) return { records: [], after, behindMs: 0, isCaughtUp: false, isAtEnd: false }
      const readLimits = { bytesMax: limits.bytesMax, entriesMax: limits.recordsMax, waitMs }
      const page = await readShard(this.#context, { stream, shard, offset }, readLimits, signal)
      if (page.records.count === 0 && !page.isAtEnd && !signal.aborted && clock.monotonicMs() < endMs) {
        await clock.sleep(closingPaceMs, signal)
        continue
      }
      this.#charge(source, stream, shard, page)
      if (page.isAtEnd) this.#unsubscribe(stream, shard, source)
      const goneCount = page.nextOffset - offset - page.records.count
      const counts = { ...(throttledCount > 0 && { throttledCount }), ...(goneCount > 0 && { goneCount }) }
      return { ...pageOf(shard, page, clock.nowMs()), ...counts }
    }
  }

  watch(listener: () => void): () => void {
    const stops = [this.#context.streams.watch(listener), this.#context.consumers.watch(listener)]
    return () => {
      for (const stop of stops) stop()
    }
  }

  #activeConsumer(arn: string): string | undefined {
    try {
      const consumer = consumerByArn(this.#context, arn)
      return consumer.status === 'ACTIVE' ? consumer.name : undefined
    } catch {
      return undefined
    }
  }

  /** As the catalog has them now. @throws ResourceNotFoundException */
  #resolve(source: StreamSource, shardId: string): { stream: Stream; shard: Shard } {
    const { place, streams } = this.#context
    const stream = streams.find(source.streamName)
    if (stream?.id !== source.streamId) throw streamNotFound(source.streamName, place.accountId)
    return { stream, shard: readableShard(this.#context, stream, shardId) }
  }

  /** Waits until a read is allowed; false when `signal` aborted meanwhile. */
  async #admit(source: StreamSource, shardId: string, throttled: () => void, signal: AbortSignal): Promise<boolean> {
    const { clock, throughput } = this.#context
    while (!signal.aborted) {
      const { stream, shard } = this.#resolve(source, shardId)
      let pauseMs = throttledMs
      if (source.consumerName === undefined) {
        if (source.isUncounted || throughput.admitRead(stream, shard)) return true
        new StreamMetrics(this.#context, stream).readThrottled(shard)
        throttled()
      } else {
        const subscription = this.#subscription(stream, shard, source.consumerName)
        const debtMs = subscription && subscription.bytesOut.available() <= 0 ? subscription.bytesOut.waitMs(1) : 0
        if (subscription && debtMs === 0) return true
        pauseMs = subscription ? Math.ceil(debtMs) : resubscribeMs
      }
      await clock.sleep(pauseMs, signal)
    }
    return false
  }

  /**
   * A registered consumer has one subscription to each shard, whoever holds it: it is begun anew when its five minutes are
   * over or somebody else took it; undefined while that one is too young. @throws ResourceNotFoundException
   */
  #subscription(stream: Stream, shard: Shard, consumerName: string): Subscription | undefined {
    const { clock, consumers, limits, place, subscriptions } = this.#context
    const consumer = consumers.find(stream, consumerName)
    if (consumer?.status !== 'ACTIVE') throw consumerNotFound(consumerName, place.accountId)
    const key = this.#keyOf(stream, shard, consumer)
    const held = this.#subscriptions.get(key)
    const isOver = held && (held.isTakenOver() || clock.monotonicMs() - held.startedMs >= subscriptionLifeMs)
    if (held && !isOver) return held
    const begun = subscriptions.begin(key, limits.consumerBytesOutPerSecond)
    new StreamMetrics(this.#context, stream).subscribed(consumerName, begun !== undefined)
    if (this.#subscriptions.size >= subscriptionsBeforeSweep) this.#sweep()
    if (begun) this.#subscriptions.set(key, begun)
    else this.#subscriptions.delete(key)
    return begun
  }

  /** Forgets what nobody renews: shards and consumers that are gone. */
  #sweep(): void {
    const nowMs = this.#context.clock.monotonicMs()
    for (const [key, { startedMs }] of this.#subscriptions)
      if (nowMs - startedMs >= subscriptionLifeMs) this.#subscriptions.delete(key)
  }

  /** The shard's end was read: nobody is to wait for a subscription that nobody needs. */
  #unsubscribe(stream: Stream, shard: Shard, { consumerName }: StreamSource): void {
    const consumer = consumerName === undefined ? undefined : this.#context.consumers.find(stream, consumerName)
    if (!consumer) return
    const key = this.#keyOf(stream, shard, consumer)
    this.#subscriptions.get(key)?.end()
    this.#subscriptions.delete(key)
  }

  #keyOf = (stream: Stream, shard: Shard, consumer: Consumer) =>
    `${stream.id}/${shard.index}/${this.#context.consumers.arnOf(consumer)}`

  #charge({ consumerName, isUncounted }: StreamSource, stream: Stream, shard: Shard, page: ShardPage): void {
    if (isUncounted) return
    const { throughput } = this.#context
    const metrics = new StreamMetrics(this.#context, stream)
    if (consumerName === undefined) {
      throughput.chargeRead(stream, shard, page.sizeBytes)
      metrics.getRecords(shard, page.records.count, page.sizeBytes, page.behindMs)
      return
    }
    this.#subscription(stream, shard, consumerName)?.bytesOut.takeWhileAny(page.sizeBytes)
    metrics.pushed(consumerName, page.records.count, page.sizeBytes, page.behindMs)
  }
}

function pageOf(shard: Shard, page: ShardPage, nowMs: number): StreamPage {
  const records: StreamRecord[] = []
  const digits = new SequenceDigits(1)
  const number = Buffer.from(digits.bytes.buffer, digits.startOf(0), sequenceDigits)
  for (const { bytes, positions, firstOffset, timestampMs } of page.records.blocks) {
    digits.set(0, shard.index, createdAtSOf(shard), firstOffset, timestampMs)
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (let i = 0; i + 1 < positions.length; i++, digits.next(0)) {
      const { keyStart, dataStart } = placeRecord(bytes, positions[i]!, positions[i + 1]!)
      records.push({
        sequenceNumber: number.toString('latin1'),
        offset: firstOffset + i,
        partitionKey: text.toString('utf8', keyStart, dataStart),
        data: bytes.subarray(dataStart, positions[i + 1]!),
        arrivedAtMs: timestampMs,
      })
    }
  }
  const after = records.at(-1)?.sequenceNumber ?? numberBefore(shard, page.nextOffset, nowMs)
  return { records, after, behindMs: page.behindMs, isCaughtUp: page.isCaughtUp, isAtEnd: page.isAtEnd }
}
