import { anySignal } from '@millrace/ports'
import { AwsError } from '../../../core/aws-error.ts'
import { Bell } from '../../../core/bell.ts'
import type { StreamSource, StreamStart } from '../../../core/ports/streams.ts'
import { ReadRefused } from '../../../core/role-stream-reader.ts'
import type { HeldFunction } from '../functions/function-table.ts'
import { type BatchParts, BatchRunner, type ProcessingResult } from './batch-runner.ts'
import { EventFilter } from './event-filter.ts'
import type { Mapping } from './mapping.ts'
import { ShardDelivery, type ShardDeliveryParts } from './shard-delivery.ts'

/** After an error of ours a shard's delivery begins again from its checkpoint so much later. */
const restartMs = 1000

/** Shards may become readable without any change that is told: the shards are looked at again at this pace. */
const lookAgainMs = 60_000

export type DeliveryParts = BatchParts & ShardDeliveryParts & { readonly region: string }

/** Shards of a stream that are given their first positions at once. */
const placedAtOnceMax = 64

/**
 * One mapping's way from a stream to a function: a delivery for each shard whose parents were read to their end. It follows
 * the stream through every change of its shards.
 */
export class MappingDelivery {
  readonly #parts: DeliveryParts
  readonly #mapping: Mapping
  readonly #called: HeldFunction
  readonly #tell: (result: ProcessingResult) => void
  readonly #filter: EventFilter | undefined
  readonly #bell = new Bell()
  readonly #running = new Map<string, Promise<void>>()

  constructor(parts: DeliveryParts, mapping: Mapping, called: HeldFunction, tell: (result: ProcessingResult) => void) {
    this.#parts = parts
    this.#mapping = mapping
    this.#called = called
    this.#tell = tell
    this.#filter = mapping.filters && new EventFilter(mapping.filters)
  }

  /** Delivers until `signal` aborts, or the stream is another than `stream`; resolves when all that was begun has ended. */
  async run(stream: StreamSource, signal: AbortSignal): Promise<void> {
    const { clock, streams } = this.#parts
    const gone = new AbortController()
    const stop = anySignal([signal, gone.signal])
    const unwatch = streams.watch(() => this.#bell.ring())
    while (!stop.aborted) {
      const now = streams.find(this.#mapping.eventSourceArn)
      if (now?.streamId !== stream.streamId) {
        gone.abort()
        break
      }
      await this.#startShards(now, stop)
      await this.#bell.wait(clock, lookAgainMs, stop)
    }
    unwatch()
    await Promise.all(this.#running.values())
  }

  async #startShards(stream: StreamSource, signal: AbortSignal): Promise<void> {
    const { checkpoints, streams } = this.#parts
    const { uuid } = this.#mapping
    const shards = streams.shards(stream)
    const listed = new Set(shards.map(({ shardId }) => shardId))
    await checkpoints.removeAll(uuid, (shardId) => listed.has(shardId))
    if (signal.aborted) return
    // From here on nothing is waited for: a change that comes now rings when somebody listens.
    for (const { shardId, parentShardIds } of shards) {
      if (this.#running.has(shardId) || checkpoints.find(uuid, shardId, stream.streamId)?.isDone) continue
      const isReady = parentShardIds.every(
        (parent) => !listed.has(parent) || checkpoints.find(uuid, parent, stream.streamId)?.isDone,
      )
      if (isReady) this.#startShard(stream, shardId, signal)
    }
  }

  #startShard(stream: StreamSource, shardId: string, signal: AbortSignal): void {
    const running = this.#deliverShard(stream, shardId, signal).finally(() => {
      this.#running.delete(shardId)
      this.#bell.ring()
    })
    this.#running.set(shardId, running)
  }

  async #deliverShard(stream: StreamSource, shardId: string, signal: AbortSignal): Promise<void> {
    const { checkpoints, clock, logger, region, streams } = this.#parts
    const { eventSourceArn, uuid } = this.#mapping
    const source = { shardId, eventSourceArn, invokeIdentityArn: this.#called.definition.role, region }
    try {
      // A shard without a checkpoint came after the mapping: its parents were read, and it is read from its beginning.
      const checkpoint = checkpoints.find(uuid, shardId, stream.streamId) ?? {
        streamId: stream.streamId,
        after: await streams.position(stream, shardId, { type: 'TRIM_HORIZON' }),
      }
      const { streamArn, retentionMs } = stream
      const about = { ...source, streamArn }
      const runner = new BatchRunner(this.#parts, this.#mapping, this.#called, about, retentionMs, this.#tell)
      await new ShardDelivery(this.#parts, this.#mapping, stream, source, runner, this.#filter, checkpoint).run(signal)
    } catch (error) {
      const isGone = error instanceof AwsError && error.code === 'ResourceNotFoundException'
      if (!isGone && !(error instanceof ReadRefused))
        logger.log('error', 'a shard cannot be delivered, and is tried again', { mapping: uuid, shardId, error })
      await clock.sleep(restartMs, signal)
    }
  }
}

/**
 * Gives each shard that a stream has now the position at which the mapping begins. Those that have one keep it, so it may be
 * done again after a crash in its middle.
 */
export async function placeShards(
  { checkpoints, streams }: Pick<DeliveryParts, 'checkpoints' | 'streams'>,
  mapping: Mapping,
  stream: StreamSource,
): Promise<void> {
  const { startingPosition: type, startingTimestampMs, uuid } = mapping
  const start: StreamStart = type === 'AT_TIMESTAMP' ? { type, timestampMs: startingTimestampMs ?? 0 } : { type }
  const { streamId } = stream
  const left = streams.shards(stream).filter(({ shardId }) => !checkpoints.find(uuid, shardId, streamId))
  while (left.length > 0)
    await Promise.all(
      left.splice(0, placedAtOnceMax).map(async ({ isOpen, shardId }) => {
        const after = await streams.position(stream, shardId, start)
        const isDone = type === 'LATEST' && !isOpen
        await checkpoints.save(uuid, shardId, { streamId, after, ...(isDone && { isDone }) })
      }),
    )
}
