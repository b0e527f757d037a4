import {
  type ChildShard as AwsChildShard,
  GetRecordsCommand,
  type GetRecordsCommandOutput,
  GetShardIteratorCommand,
  type KinesisClient,
} from '@aws-sdk/client-kinesis'
import { Backoff } from './backoff.ts'
import type { Checkpoint } from './checkpoint.ts'
import type { Settings } from './options.ts'
import type { ChildShard, PageQueue } from './page-queue.ts'
import { after, positionAfter, positionOf, type ReadPosition, type ShardReader } from './shard-reader.ts'
import type { StreamId } from './stream.ts'

/** Reads shards by GetRecords: often while there is more, seldom while there is nothing. */
export class PollingReader implements ShardReader {
  readonly #kinesis: KinesisClient
  readonly #stream: StreamId
  readonly #settings: Settings
  #shards = 0

  constructor(kinesis: KinesisClient, stream: StreamId, settings: Settings) {
    this.#kinesis = kinesis
    this.#stream = stream
    this.#settings = settings
  }

  async read(shardId: string, from: Checkpoint, queue: PageQueue, signal: AbortSignal): Promise<void> {
    const { clock, initialPosition, random } = this.#settings
    const backoff = new Backoff(clock, random, retryFirstMs, retryMostMs)
    let position = positionOf(from, typeof initialPosition === 'object' ? initialPosition.timestamp : undefined)
    let iterator: string | undefined
    let lastRecordMs = clock.monotonicMs()
    this.#shards++
    try {
      while (!signal.aborted) {
        await queue.room()
        if (signal.aborted) return
        const startedMs = clock.monotonicMs()
        let answer: GetRecordsCommandOutput
        try {
          if (iterator === undefined) {
            iterator = await this.#iterator(shardId, position)
            // Whoever waits for the first record must not miss it when the iterator expires before it came.
            if (position.Type === 'LATEST') position = { Type: 'AT_TIMESTAMP', Timestamp: new Date(clock.nowMs()) }
          }
          answer = await this.#records(iterator)
          backoff.succeed()
        } catch (error) {
          if (signal.aborted) return
          position = positionAfter(error, position, from)
          await this.#recover(shardId, error, backoff, signal)
          if (isExpired(error)) iterator = undefined
          continue
        }
        const records = answer.Records ?? []
        const millisBehindLatest = answer.MillisBehindLatest ?? 0
        const last = records.at(-1)?.SequenceNumber
        if (last !== undefined) {
          position = after(last)
          lastRecordMs = startedMs
          queue.push({ records, millisBehindLatest, bytes: bytesOf(records) })
        }
        iterator = answer.NextShardIterator
        if (iterator === undefined) return queue.end((answer.ChildShards ?? []).map(childOf))
        const gapMs = millisBehindLatest > 0 ? this.#settings.readGapMs : this.#idleGapMs(startedMs - lastRecordMs)
        const restMs = gapMs - (clock.monotonicMs() - startedMs)
        if (restMs > 0) await clock.sleep(restMs, signal)
      }
    } finally {
      this.#shards--
    }
  }

  /** A process with very many shards asks the quiet ones less often, so that it does not spend its time on asking. */
  #idleGapMs(silentMs: number): number {
    const { idleTimeBetweenReadsMs, idleReadsPerSecondMax } = this.#settings
    if (silentMs < quietAfterMs) return idleTimeBetweenReadsMs
    return Math.max(idleTimeBetweenReadsMs, (1000 * this.#shards) / idleReadsPerSecondMax)
  }

  async #iterator(shardId: string, { Type, SequenceNumber, Timestamp }: ReadPosition): Promise<string> {
    const { ShardIterator } = await this.#kinesis.send(
      new GetShardIteratorCommand({
        ...this.#stream,
        ShardId: shardId,
        ShardIteratorType: Type,
        ...(SequenceNumber !== undefined && { StartingSequenceNumber: SequenceNumber }),
        ...(Timestamp !== undefined && { Timestamp }),
      }),
    )
    return ShardIterator!
  }

  async #records(iterator: string): Promise<GetRecordsCommandOutput> {
    const { clock, metrics, recordsPerReadMax } = this.#settings
    const startedMs = clock.monotonicMs()
    const { StreamARN } = this.#stream
    let success = 0
    try {
      const answer = await this.#kinesis.send(
        new GetRecordsCommand({ ShardIterator: iterator, Limit: recordsPerReadMax, ...(StreamARN && { StreamARN }) }),
      )
      success = 1
      return answer
    } finally {
      metrics.record('KinesisDataFetcher.getRecords.Success', dimensions, success, 'Count')
      metrics.record('KinesisDataFetcher.getRecords.Time', dimensions, clock.monotonicMs() - startedMs, 'Milliseconds')
    }
  }

  async #recover(shardId: string, error: unknown, backoff: Backoff, signal: AbortSignal): Promise<void> {
    const name = error instanceof Error ? error.name : ''
    if (isExpired(error) && backoff.failures === 0) {
      this.#settings.logger.log(
        'info',
        'A shard iterator expired before it was used; reading goes on behind the last record',
        { shardId },
      )
      await backoff.wait(AbortSignal.abort())
      return
    }
    const level = throttles.has(name) ? 'info' : 'warn'
    this.#settings.logger.log(level, 'Cannot read a shard; it is tried again', { shardId, error: String(error) })
    await backoff.wait(signal)
  }
}

const dimensions = { Operation: 'ProcessTask' }

/** A shard without a record for so long is quiet. */
const quietAfterMs = 60_000

const retryFirstMs = 250
const retryMostMs = 10_000

const throttles = new Set([
  'ProvisionedThroughputExceededException',
  'LimitExceededException',
  'KMSThrottlingException',
])

const isExpired = (error: unknown): boolean => error instanceof Error && error.name === 'ExpiredIteratorException'

/** What the records weigh. */
export function bytesOf(records: readonly { readonly Data?: Uint8Array | undefined }[]): number {
  let bytes = 0
  for (let i = 0; i < records.length; i++) bytes += records[i]!.Data?.byteLength ?? 0
  return bytes
}

export const childOf = ({ ShardId, ParentShards, HashKeyRange }: AwsChildShard): ChildShard => ({
  shardId: ShardId!,
  parentShardIds: ParentShards ?? [],
  hashKeyRange: HashKeyRange && { start: HashKeyRange.StartingHashKey!, end: HashKeyRange.EndingHashKey! },
})
