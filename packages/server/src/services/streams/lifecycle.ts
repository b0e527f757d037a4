import { AwsError } from '../../core/aws-error.ts'
import { KeyRefused } from '../../core/ports/keys.ts'
import { LogNotFound } from '../../storage/log.ts'
import type { StreamsContext } from './context.ts'
import { completeResharding } from './resharding.ts'
import {
  changed,
  type Encryption,
  isExpired,
  isOpen,
  logIdOf,
  logOptionsOf,
  retentionMsOf,
  type Shard,
  type Stream,
} from './stream.ts'
import { dataKeyLifeMs, dropRetiredKeys, newEncryption, withEncryption } from './stream-keys.ts'

/** After a failure of storage the same work is tried again so much later. */
const retryMs = 1000

/** A piece of work that waits for its time. It may be done again after a crash or a failure at any point. */
type Work = { readonly dueAtMs: number; readonly finish: () => Promise<void> }

/**
 * Finishes what waits for its time: streams and consumers that pass from one state to the next, and closed shards whose
 * last record is past its retention. What is to be done stands in the catalog, so a restart takes it up again; here is
 * one loop that sleeps until the next is due, and starts it. Work on one stream waits for nobody else's, so storage that
 * hangs for one stream holds up that one only; two pieces of work on the same stream never run at once.
 */
export class Lifecycle {
  readonly #context: StreamsContext
  readonly #work = new Map<string, Work>()
  /** By the key of what is being done. */
  readonly #running = new Map<string, Promise<void>>()
  /** By the key of what failed, or could not be done yet: not again before this time, whoever plans it anew. */
  readonly #retryAtMs = new Map<string, number>()
  /** By stream: when its data key is tried to be renewed again. */
  readonly #renewNotBeforeMs = new Map<string, number>()
  readonly #stopping = new AbortController()
  #wake = new AbortController()
  #stopWatching: (() => void)[] = []
  #loop: Promise<void> = Promise.resolve()

  constructor(context: StreamsContext) {
    this.#context = context
  }

  start(): void {
    const { channels, streams, consumers } = this.#context
    for (const stream of streams.all()) this.#plan(stream.name)
    this.#planConsumers()
    this.#planChannels()
    this.#stopWatching = [
      streams.watch((name) => this.#plan(name)),
      consumers.watch(() => this.#planConsumers()),
      channels.watch(() => this.#planChannels()),
    ]
    this.#loop = this.#run()
  }

  /** Resolves when what is being done is done; the rest waits in the catalog. */
  async stop(): Promise<void> {
    for (const stop of this.#stopWatching) stop()
    this.#stopping.abort()
    this.#wake.abort()
    await this.#loop
    await Promise.all(this.#running.values())
  }

  async #run(): Promise<void> {
    const { clock } = this.#context
    while (!this.#stopping.signal.aborted) {
      const nowMs = clock.nowMs()
      this.#wake = new AbortController()
      for (const [key, work] of [...this.#work])
        if (work.dueAtMs <= nowMs && !this.#running.has(key)) this.#begin(key, work)
      // What waits for its own predecessor is not looked at: the end of that one wakes the loop.
      const waiting = [...this.#work].filter(([key]) => !this.#running.has(key))
      const nextMs = Math.min(...waiting.map(([, { dueAtMs }]) => dueAtMs), nowMs + sleepMsMax)
      await clock.sleep(nextMs - nowMs, this.#wake.signal)
    }
  }

  #begin(key: string, work: Work): void {
    this.#work.delete(key)
    const done = this.#finish(key, work).finally(() => {
      this.#running.delete(key)
      this.#wake.abort()
    })
    this.#running.set(key, done)
  }

  async #finish(key: string, work: Work): Promise<void> {
    try {
      await work.finish()
      this.#retryAtMs.delete(key)
    } catch (error) {
      this.#context.logger.log('error', 'work on a stream failed and will be tried again', { work: key, error })
      this.#retryAtMs.set(key, this.#context.clock.nowMs() + retryMs)
      this.#add(key, this.#work.get(key) ?? work)
    }
  }

  #add(key: string, { dueAtMs, finish }: Work): void {
    this.#work.set(key, { dueAtMs: Math.max(dueAtMs, this.#retryAtMs.get(key) ?? 0), finish })
    this.#wake.abort()
  }

  /** Looks at a stream anew: what does it wait for? */
  #plan(name: string): void {
    const key = keyOf({ name })
    const stream = this.#context.streams.find(name)
    const dueAtMs = stream && nextDueMs(stream, this.#renewNotBeforeMs.get(stream.id) ?? 0)
    if (dueAtMs === undefined) this.#work.delete(key)
    else this.#add(key, { dueAtMs, finish: () => this.#finishStream(name) })
  }

  #planConsumers(): void {
    for (const consumer of this.#context.consumers.pending())
      this.#add(`consumer/${consumer.streamId}/${consumer.name}`, {
        dueAtMs: consumer.dueAtMs ?? 0,
        finish: () => this.#context.consumers.complete(consumer),
      })
  }

  #planChannels(): void {
    const { channels, clock, metrics } = this.#context
    for (const channel of channels.pending())
      this.#add(`channel/${channel.id}`, {
        dueAtMs: channel.dueAtMs ?? 0,
        finish: async () => {
          await channels.complete(channel, clock.nowMs())
          if (!channels.find(channel.id)) metrics.forget({ ChannelId: channel.id })
        },
      })
  }

  async #finishStream(name: string): Promise<void> {
    const stream = this.#context.streams.find(name)
    if (!stream) return
    if (stream.pending && stream.pending.dueAtMs <= this.#context.clock.nowMs()) await this.#finishPending(stream)
    else {
      await this.#dropExpiredShards(stream)
      await this.#renewDataKey(stream)
    }
    this.#plan(name)
  }

  async #finishPending(stream: Stream): Promise<void> {
    const { log, streams } = this.#context
    switch (stream.pending?.kind) {
      case 'create':
        await eachShard(stream, ({ index }) => log.create(logIdOf(stream, index), logOptionsOf(stream)))
        return this.#settle(stream)
      case 'settle':
        return this.#settle(stream, await this.#configureLogs(stream))
      case 'encrypt':
        return this.#encrypt(stream, stream.pending.encryption)
      case 'delete':
        await this.#context.consumers.removeAll(stream)
        await eachShard(stream, ({ index }) => log.delete(logIdOf(stream, index)))
        await this.#context.keys.forget(stream.id)
        await streams.remove(stream)
        return this.#forget(stream)
      default:
        return completeResharding(this.#context, stream)
    }
  }

  /**
   * Tells the logs what the stream's settings are now. Returns the closed shards that have no log any more: they had
   * expired, and the process ended before the catalog said so.
   */
  async #configureLogs(stream: Stream): Promise<ReadonlySet<number>> {
    const gone = new Set<number>()
    await eachShard(stream, async (shard) => {
      try {
        await this.#context.log.configure(logIdOf(stream, shard.index), logOptionsOf(stream))
      } catch (error) {
        if (!(error instanceof LogNotFound) || isOpen(shard)) throw error
        gone.add(shard.index)
      }
    })
    return gone
  }

  /** What says that it is encrypted is so: its records are sealed before it says so, and until it does not any more. */
  async #encrypt(stream: Stream, encryption: Encryption | undefined): Promise<void> {
    const { clock } = this.#context
    const change = (newest: Stream) =>
      newest.pending?.kind === 'encrypt' ? withEncryption(newest, encryption, clock.nowMs()) : newest
    if (!encryption) await this.#change(stream, change)
    const gone = await this.#configureLogs(withEncryption(stream, encryption, clock.nowMs()))
    if (encryption) await this.#change(stream, change)
    await this.#settle(stream, gone)
    await dropRetiredKeys(this.#context, stream.name)
  }

  /** A stream goes on with a new data key when the one before was in use for its time. */
  async #renewDataKey(stream: Stream): Promise<void> {
    const { clock, logger } = this.#context
    const { encryption } = stream
    const nowMs = clock.nowMs()
    if (!encryption || renewalMs(encryption, this.#renewNotBeforeMs.get(stream.id) ?? 0) > nowMs) return
    this.#renewNotBeforeMs.set(stream.id, nowMs + renewalRetryMs)
    try {
      const renewed = await newEncryption(this.#context, stream, encryption.keyId)
      await this.#configureLogs(withEncryption(stream, renewed, nowMs))
      await this.#change(stream, (newest) =>
        newest.encryption?.dataKey === encryption.dataKey ? withEncryption(newest, renewed, nowMs) : newest,
      )
      await dropRetiredKeys(this.#context, stream.name)
    } catch (error) {
      if (!(error instanceof KeyRefused)) throw error
      logger.log('warn', 'a stream goes on with its old data key', { stream: stream.name, error: error.message })
    }
  }

  /** The work is done: ACTIVE, unless someone has given the stream other work meanwhile. */
  async #settle(stream: Stream, gone: ReadonlySet<number> = new Set()): Promise<void> {
    await this.#change(stream, (newest) => {
      if (newest.pending?.kind !== stream.pending?.kind) return newest
      const { pending: _, ...rest } = newest
      return changed(rest as Stream, {
        status: 'ACTIVE',
        shards: newest.shards.filter(({ index }) => !gone.has(index)),
      })
    })
  }

  /** Changes a stream if it is still there and the same one; if not, nobody waits for the change. */
  async #change(stream: Stream, change: (newest: Stream) => Stream): Promise<void> {
    try {
      await this.#context.streams.update(stream.name, (newest) => (newest.id === stream.id ? change(newest) : newest))
    } catch (error) {
      if (!(error instanceof AwsError && error.code === 'ResourceNotFoundException')) throw error
    }
  }

  #forget(stream: Stream): void {
    const { metrics, onDemand, throughput } = this.#context
    throughput.forget(stream)
    this.#renewNotBeforeMs.delete(stream.id)
    onDemand.forget(stream)
    metrics.forget({ StreamName: stream.name })
  }

  /**
   * The wall clock says which shards are past the retention; storage, which a clock that was set wrong does not deceive,
   * says whether they hold nothing any more.
   */
  async #dropExpiredShards(stream: Stream): Promise<void> {
    const { clock } = this.#context
    const nowMs = clock.nowMs()
    const gone = new Set<number>()
    for (const shard of stream.shards) {
      if (!isExpired(stream, shard, nowMs)) continue
      const logId = logIdOf(stream, shard.index)
      if (await this.#isEmpty(logId)) gone.add(shard.index)
      else this.#retryAtMs.set(keyOf(stream), nowMs + fullShardMs)
    }
    if (gone.size === 0) return
    for (const index of gone) await this.#context.log.delete(logIdOf(stream, index))
    await this.#change(stream, (newest) =>
      changed(newest, { shards: newest.shards.filter(({ index }) => !gone.has(index)) }),
    )
  }

  async #isEmpty(logId: string): Promise<boolean> {
    try {
      const { start, end } = await this.#context.log.bounds(logId)
      return start === end
    } catch (error) {
      if (error instanceof LogNotFound) return true
      throw error
    }
  }
}

const keyOf = ({ name }: Pick<Stream, 'name'>) => `stream/${name}`

/** When a shard that should be empty and is not is looked at again. */
const fullShardMs = 60_000

/** Does the same for all shards at once. Ends when all have ended, with the first error if there was one. */
async function eachShard(stream: Stream, work: (shard: Shard) => Promise<void>): Promise<void> {
  const outcomes = await Promise.allSettled(stream.shards.map(work))
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
}

/** The wall clock may jump: however far away the next work is, the loop looks up at least this often. */
const sleepMsMax = 60_000

/** A key service that refused is asked for a new data key again so much later. */
const renewalRetryMs = 300_000

const renewalMs = ({ madeMs }: Encryption, notBeforeMs: number) => Math.max(madeMs + dataKeyLifeMs, notBeforeMs)

/** When a stream needs attention next: its pending work, the first closed shard that expires, or its data key. */
function nextDueMs(stream: Stream, renewNotBeforeMs: number): number | undefined {
  const expiries = stream.shards.flatMap(({ closedAtMs }) =>
    closedAtMs === undefined ? [] : [closedAtMs + retentionMsOf(stream)],
  )
  const times = [
    ...expiries,
    ...(stream.pending ? [stream.pending.dueAtMs] : []),
    ...(stream.encryption ? [renewalMs(stream.encryption, renewNotBeforeMs)] : []),
  ]
  return times.length === 0 ? undefined : Math.min(...times)
}
