import {
  DescribeStreamConsumerCommand,
  DescribeStreamSummaryCommand,
  type KinesisClient,
  RegisterStreamConsumerCommand,
  SubscribeToShardCommand,
  type SubscribeToShardEventStream,
} from '@aws-sdk/client-kinesis'
import { Backoff } from './backoff.ts'
import type { Checkpoint } from './checkpoint.ts'
import type { Settings } from './options.ts'
import type { PageQueue } from './page-queue.ts'
import { bytesOf, childOf } from './polling-reader.ts'
import { after, positionAfter, positionOf, type ReadPosition, type ShardReader } from './shard-reader.ts'
import type { StreamId } from './stream.ts'

/** Reads shards as a registered consumer: SubscribeToShard pushes records, for five minutes at a time. */
export class FanOutReader implements ShardReader {
  readonly #kinesis: KinesisClient
  readonly #stream: StreamId
  readonly #settings: Settings
  #consumerArn: Promise<string> | undefined

  constructor(kinesis: KinesisClient, stream: StreamId, settings: Settings) {
    this.#kinesis = kinesis
    this.#stream = stream
    this.#settings = settings
  }

  async prepare(): Promise<void> {
    await this.#consumer()
  }

  async read(shardId: string, from: Checkpoint, queue: PageQueue, signal: AbortSignal): Promise<void> {
    const { clock, initialPosition, logger, random } = this.#settings
    const backoff = new Backoff(clock, random, retryFirstMs, retryMostMs)
    const place = {
      position: positionOf(from, typeof initialPosition === 'object' ? initialPosition.timestamp : undefined),
    }
    while (!signal.aborted) {
      const subscription = new AbortController()
      const end = () => subscription.abort()
      signal.addEventListener('abort', end, { once: true })
      try {
        const events = await this.#subscribe(shardId, place.position, subscription.signal)
        // Whoever waits for the first record must not miss it when the connection breaks before it came.
        if (place.position.Type === 'LATEST')
          place.position = { Type: 'AT_TIMESTAMP', Timestamp: new Date(clock.nowMs()) }
        if (await this.#follow(events, place, queue, subscription, backoff)) return
      } catch (error) {
        if (signal.aborted) return
        place.position = positionAfter(error, place.position, from)
        const isBusy = error instanceof Error && error.name === 'ResourceInUseException'
        const message = isBusy
          ? 'A shard has another subscription; it is tried again'
          : 'A subscription broke; it is renewed'
        logger.log(isBusy ? 'info' : 'warn', message, { shardId, error: String(error) })
        await backoff.wait(signal)
      } finally {
        signal.removeEventListener('abort', end)
        // Also after a quiet end: whoever leaves must not let the connection push on.
        end()
      }
    }
  }

  /** Takes events until the subscription ends. True at the end of the shard. */
  async #follow(
    events: AsyncIterable<SubscribeToShardEventStream>,
    place: { position: ReadPosition },
    queue: PageQueue,
    subscription: AbortController,
    backoff: Backoff,
  ): Promise<boolean> {
    const { clock } = this.#settings
    const iterator = events[Symbol.asyncIterator]()
    const ended = new Promise<undefined>((resolve) => {
      subscription.signal.addEventListener('abort', () => resolve(undefined), { once: true })
    })
    while (!subscription.signal.aborted) {
      await queue.room()
      // An event comes every few seconds, also without records: a connection that is silent for long is dead.
      const giveUp = clock.after(silenceMsMax, () => subscription.abort())
      const pending = iterator.next()
      // When the race is left, nobody looks at it any more.
      pending.catch(() => {})
      const next = await Promise.race([pending, ended]).finally(giveUp)
      if (!next || next.done) return false
      const { SubscribeToShardEvent: event } = next.value
      if (!event) continue
      backoff.succeed()
      const records = event.Records ?? []
      const millisBehindLatest = event.MillisBehindLatest ?? 0
      if (records.length > 0) queue.push({ records, millisBehindLatest, bytes: bytesOf(records) })
      const reachedEnd = (event.ChildShards?.length ?? 0) > 0 || event.ContinuationSequenceNumber === undefined
      if (reachedEnd) {
        queue.end((event.ChildShards ?? []).map(childOf))
        return true
      }
      place.position = after(event.ContinuationSequenceNumber!)
    }
    return false
  }

  async #subscribe(
    shardId: string,
    StartingPosition: ReadPosition,
    abortSignal: AbortSignal,
  ): Promise<AsyncIterable<SubscribeToShardEventStream>> {
    const ConsumerARN = await this.#consumer()
    const { EventStream } = await this.#kinesis.send(
      new SubscribeToShardCommand({ ConsumerARN, ShardId: shardId, StartingPosition }),
      { abortSignal },
    )
    return EventStream!
  }

  /** Asked once for all shards, and again after a failure. */
  #consumer(): Promise<string> {
    this.#consumerArn ??= this.#findConsumer().catch((error) => {
      this.#consumerArn = undefined
      throw error
    })
    return this.#consumerArn
  }

  async #findConsumer(): Promise<string> {
    const { clock, consumerArn, consumerName } = this.#settings
    if (consumerArn !== undefined) return consumerArn
    const StreamARN = this.#stream.StreamARN ?? (await this.#streamArn())
    for (let polls = 0; polls < registrationPollsMax; polls++) {
      const found = await this.#described(StreamARN, consumerName)
      if (found?.ConsumerStatus === 'ACTIVE') return found.ConsumerARN!
      if (!found) await this.#register(StreamARN, consumerName)
      await clock.sleep(registrationPollMs)
    }
    throw new Error(`The registered consumer ${consumerName} did not become ACTIVE.`)
  }

  async #described(StreamARN: string, ConsumerName: string) {
    try {
      const command = new DescribeStreamConsumerCommand({ StreamARN, ConsumerName })
      return (await this.#kinesis.send(command)).ConsumerDescription
    } catch (error) {
      if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined
      throw error
    }
  }

  async #register(StreamARN: string, ConsumerName: string): Promise<void> {
    try {
      await this.#kinesis.send(new RegisterStreamConsumerCommand({ StreamARN, ConsumerName }))
    } catch (error) {
      // Another worker was sooner.
      if (!(error instanceof Error && error.name === 'ResourceInUseException')) throw error
    }
  }

  async #streamArn(): Promise<string> {
    const summary = await this.#kinesis.send(new DescribeStreamSummaryCommand({ StreamName: this.#stream.StreamName }))
    return summary.StreamDescriptionSummary!.StreamARN!
  }
}

/** AWS lets a consumer subscribe to a shard once in five seconds. */
const retryFirstMs = 1000
const retryMostMs = 10_000
const registrationPollMs = 500
const registrationPollsMax = 240

/** As KCL: a subscription that says nothing for so long is made anew. */
const silenceMsMax = 35_000
