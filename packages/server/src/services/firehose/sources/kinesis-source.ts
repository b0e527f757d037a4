import { anySignal } from '@millrace/ports'
import { Bell } from '../../../core/bell.ts'
import { PageJunction } from './page-junction.ts'
import type { Checkpoint, Source, Waiting } from './source.ts'
import { type KinesisSourceParts, type Lanes, lookAgainMs, StreamReading, shardEnd } from './stream-reading.ts'

export type KinesisSourceOptions = {
  /** Of the delivery stream. */
  readonly name: string
  readonly streamArn: string
  /** What came before is not delivered. */
  readonly startMs: number
}

/**
 * A Kinesis stream, shard by shard: all at once, but a child not before all of its parents is delivered. Follows the stream
 * through resharding, and through being deleted and made again: then the new one is read from its beginning.
 */
export class KinesisSource implements Source {
  readonly #parts: KinesisSourceParts
  readonly #options: KinesisSourceOptions
  /** Lanes of shards that were read to their end, and all of it is delivered; undefined before the first reading. */
  #delivered: Set<string> | undefined
  /** Rung when shards may have become readable. */
  readonly #bell = new Bell()
  readonly #behind = new Map<string, number>()

  constructor(parts: KinesisSourceParts, options: KinesisSourceOptions) {
    this.#parts = parts
    this.#options = options
  }

  async *pages(from: Checkpoint, signal: AbortSignal) {
    // The first time all of it is delivered, for it is the checkpoint; later on there may be more on its way.
    this.#delivered ??= new Set(Object.keys(from).filter((lane) => from[lane] === shardEnd))
    const left = new AbortController()
    const stop = anySignal([signal, left.signal])
    const junction = new PageJunction()
    stop.addEventListener('abort', () => junction.end(), { once: true })
    const following = this.#follow(new Map(Object.entries(from)), junction, stop).then(
      () => junction.end(),
      (error: unknown) => junction.end(error),
    )
    try {
      yield* junction.pages()
    } finally {
      left.abort()
      await following
    }
  }

  async passed(lane: string, next: string | undefined): Promise<void> {
    if (next === shardEnd) this.#delivered?.add(lane)
    else this.#delivered?.delete(lane)
    this.#bell.ring()
  }

  async waiting(): Promise<Waiting> {
    return { behindMs: this.#behind.size === 0 ? undefined : Math.max(...this.#behind.values()) }
  }

  /** Reads whatever stream has the name now, until `signal` aborts. */
  async #follow(lanes: Lanes, junction: PageJunction, signal: AbortSignal): Promise<void> {
    const { clock, streams } = this.#parts
    const delivered = this.#delivered!
    const unwatch = streams.watch(() => this.#bell.ring())
    try {
      while (!signal.aborted) {
        const stream = streams.find(this.#options.streamArn)
        const context = { ...this.#options, lanes, junction, delivered, bell: this.#bell, behind: this.#behind }
        if (stream) await new StreamReading(this.#parts, context, stream).run(signal)
        else await this.#bell.wait(clock, lookAgainMs, signal)
      }
    } finally {
      unwatch()
    }
  }
}
