import { AggregateBuilder } from '@millrace/formats'
import type { Clock } from '@millrace/ports'
import type { StreamReader, StreamRecord } from '../../../core/ports/streams.ts'
import type { Life } from './crash-world.ts'

/** They rise as texts, too. */
const sequenceNumberMin = 1_000_000_000

/** A Kinesis stream of one shard, all records of which are aggregates. */
export class StreamInMemory {
  readonly arn = 'arn:aws:kinesis:us-east-1:000000000000:stream/s'
  readonly #clock: Clock
  readonly #records: StreamRecord[] = []
  /** The next one. */
  #put = Promise.withResolvers<void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  put(texts: readonly string[]): void {
    const aggregate = new AggregateBuilder()
    for (const text of texts) aggregate.add('k', undefined, Buffer.from(text), 100_000)
    const offset = this.#records.length
    const sequenceNumber = `${sequenceNumberMin + offset}`
    const arrivedAtMs = this.#clock.nowMs()
    this.#records.push({
      offset,
      sequenceNumber,
      arrivedAtMs,
      partitionKey: 'k',
      data: Buffer.from(aggregate.finish()),
    })
  }

  /** How a process reads it that may end at each page. */
  readerIn(life: Life): StreamReader {
    const names = { streamId: 'id', streamArn: this.arn, streamName: 's', consumerName: undefined }
    const source = { ...names, retentionMs: 86_400_000 }
    return {
      find: () => source,
      shards: () => [{ shardId: 'shardId-000000000000', parentShardIds: [], isOpen: true }],
      position: async () => '0',
      read: async (_, _shardId, after, { waitMs }, signal) => {
        const left = () => this.#records.filter(({ sequenceNumber }) => sequenceNumber > after)
        if (left().length === 0) await Promise.race([this.#put.promise, this.#clock.sleep(waitMs, signal)])
        const given = { behindMs: 0, isCaughtUp: true, isAtEnd: false }
        if (left().length === 0) return { ...given, records: [], after }
        return life.at('read', async () => ({ ...given, records: left(), after: left().at(-1)!.sequenceNumber }))
      },
      watch: () => () => {},
    }
  }
}
