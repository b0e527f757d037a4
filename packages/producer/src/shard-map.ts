import {
  type KinesisClient,
  ListShardsCommand,
  type ListShardsCommandOutput,
  type Shard,
} from '@aws-sdk/client-kinesis'
import type { HashKeyRange } from '@millrace/formats'
import type { Clock, Logger } from '@millrace/ports'
import { type OpenShard, ShardRanges } from './shard-ranges.ts'

const failedDelayMsMin = 1_000
const failedDelayMsMax = 30_000

/** Between two lists, when nothing failed: results that name unknown shards must not become a storm of ListShards. */
const listDelayMsMin = 200

/** How long the range of a shard that closed is remembered: results of calls under way may still name it. */
const closedShardMs = 60_000

/** Pages of a thousand shards; more than AWS has. */
const pagesMax = 1_000

export type ShardMapOptions = {
  readonly kinesis: Pick<KinesisClient, 'send'>
  readonly stream: { readonly StreamName?: string; readonly StreamARN?: string }
  readonly clock: Clock
  readonly logger: Logger
  readonly requestTimeoutMs: number
  /** Called when the open shards are known, or others than before. */
  readonly onChange: () => void
  /** Called when they could not be listed. */
  readonly onFailure: () => void
}

/** The stream's open shards, listed when there is something to put and whenever a result shows that they have changed. */
export class ShardMap {
  readonly #options: ShardMapOptions
  #ranges: ShardRanges | undefined
  /** Of open shards, and of those that closed not long ago. */
  readonly #known = new Map<string, { range: HashKeyRange; closedMs: number | undefined }>()
  /** When the list began that gave `#ranges`; monotonic. */
  #listedMs = Number.NEGATIVE_INFINITY
  /** When the list of all shards began; monotonic. */
  #allListedMs = Number.NEGATIVE_INFINITY
  #learning: Promise<void> | undefined
  #failedDelayMs = failedDelayMsMin
  #listing: Promise<boolean> | undefined
  readonly #stopped = new AbortController()

  constructor(options: ShardMapOptions) {
    this.#options = options
  }

  /** Undefined until the first list succeeded. */
  get ranges(): ShardRanges | undefined {
    return this.#ranges
  }

  rangeOf(shardId: string): HashKeyRange | undefined {
    return this.#known.get(shardId)?.range
  }

  /** Lists the shards unless a list that began after `seenMs` is there: someone saw then that they had changed. */
  invalidate(seenMs: number): void {
    if (this.#listedMs <= seenMs) void this.refresh()
  }

  /**
   * Learns the range of a shard that a result named, seen at `seenMs`: from a list that began after that; and where the shard
   * has closed again already, from a list of all shards. Afterwards `rangeOf` knows it, unless the lists failed.
   */
  async learn(shardId: string, seenMs: number): Promise<void> {
    while (this.#listedMs <= seenMs) if (!(await this.refresh())) return
    while (!this.#known.has(shardId) && this.#allListedMs <= seenMs) await this.#learnAll()
  }

  /** Lists the shards; when someone does so already, waits for that. Never rejects. */
  refresh(): Promise<boolean> {
    this.#listing ??= this.#refresh().finally(() => {
      this.#listing = undefined
    })
    return this.#listing
  }

  /** Ends what waits. */
  stop(): void {
    this.#stopped.abort()
  }

  async #refresh(): Promise<boolean> {
    const { clock, logger, onChange, onFailure } = this.#options
    const { signal } = this.#stopped
    const waitMs = this.#listedMs + listDelayMsMin - clock.monotonicMs()
    if (waitMs > 0) await clock.sleep(waitMs, signal)
    if (signal.aborted) return false
    const beganMs = clock.monotonicMs()
    try {
      const shards = await this.#list()
      this.#ranges = new ShardRanges(shards)
      this.#remember(shards, beganMs)
      this.#listedMs = beganMs
      this.#failedDelayMs = failedDelayMsMin
      onChange()
      return true
    } catch (error) {
      logger.log('warn', 'the shards of the stream could not be listed', { error: String(error) })
      onFailure()
      await clock.sleep(this.#failedDelayMs, signal)
      this.#failedDelayMs = Math.min(failedDelayMsMax, this.#failedDelayMs * 1.5)
      return false
    }
  }

  /** Lists all shards, closed ones too. Never rejects. */
  #learnAll(): Promise<void> {
    this.#learning ??= this.#listAll().finally(() => {
      this.#learning = undefined
    })
    return this.#learning
  }

  async #listAll(): Promise<void> {
    const { clock, logger } = this.#options
    const waitMs = this.#allListedMs + listDelayMsMin - clock.monotonicMs()
    if (waitMs > 0) await clock.sleep(waitMs, this.#stopped.signal)
    const beganMs = clock.monotonicMs()
    try {
      for (const { shardId, range } of await this.#list({}, () => true))
        if (!this.#known.has(shardId)) this.#known.set(shardId, { range, closedMs: beganMs })
    } catch (error) {
      logger.log('warn', 'the closed shards of the stream could not be listed', { error: String(error) })
    }
    this.#allListedMs = beganMs
  }

  /** Servers that do not know a filter list closed shards, too. */
  async #list(
    filter: { ShardFilter?: { Type: 'AT_LATEST' } } = { ShardFilter: { Type: 'AT_LATEST' } },
    isWanted = (shard: Shard) => !shard.SequenceNumberRange?.EndingSequenceNumber,
  ): Promise<OpenShard[]> {
    const shards: OpenShard[] = []
    let NextToken: string | undefined
    for (let page = 0; page < pagesMax; page++) {
      const which = NextToken ? { NextToken } : { ...this.#options.stream, ...filter }
      const answer: ListShardsCommandOutput = await this.#call(new ListShardsCommand({ ...which, MaxResults: 1000 }))
      for (const shard of answer.Shards ?? []) {
        const { ShardId, HashKeyRange: range } = shard
        if (!ShardId || !isWanted(shard)) continue
        shards.push({
          shardId: ShardId,
          range: { start: BigInt(range?.StartingHashKey ?? -1), end: BigInt(range?.EndingHashKey ?? -1) },
        })
      }
      NextToken = answer.NextToken
      if (!NextToken) return shards
    }
    throw new Error(`ListShards goes on after ${pagesMax} pages`)
  }

  async #call(command: ListShardsCommand): Promise<ListShardsCommandOutput> {
    const timedOut = new AbortController()
    const stopTimer = this.#options.clock.after(this.#options.requestTimeoutMs, () => timedOut.abort())
    try {
      return await Promise.race([
        this.#options.kinesis.send(command, { abortSignal: timedOut.signal }),
        rejectedOn(timedOut.signal),
      ])
    } finally {
      stopTimer()
    }
  }

  #remember(shards: readonly OpenShard[], nowMs: number): void {
    const open = new Set(shards.map(({ shardId }) => shardId))
    for (const { shardId, range } of shards) this.#known.set(shardId, { range, closedMs: undefined })
    for (const [shardId, shard] of this.#known) {
      if (open.has(shardId)) continue
      shard.closedMs ??= nowMs
      if (shard.closedMs + closedShardMs < nowMs) this.#known.delete(shardId)
    }
  }
}

/** For clients that take no notice of a signal. */
export const rejectedOn = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const fail = () => {
      const error = new Error('no answer in time')
      error.name = 'RequestTimeout'
      reject(error)
    }
    if (signal.aborted) fail()
    else signal.addEventListener('abort', fail, { once: true })
  })
