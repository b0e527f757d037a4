import type { StreamsContext } from './context.ts'
import { completeResharding } from './resharding.ts'
import { changed, isExpired, logIdOf, retentionMsOf, type Stream } from './stream.ts'

/** After a failure of storage the same work is tried again so much later. */
const retryMs = 1000

/** A piece of work that waits for its time. It may be done again after a crash or a failure at any point. */
type Work = { readonly dueAtMs: number; readonly finish: () => Promise<void> }

/**
 * Finishes what waits for its time: streams and consumers that pass from one state to the next, and closed shards whose
 * last record is past its retention. What is to be done stands in the catalog, so a restart takes it up again; here is
 * one loop that sleeps until the next is due.
 */
export class Lifecycle {
  readonly #context: StreamsContext
  readonly #work = new Map<string, Work>()
  readonly #stopping = new AbortController()
  #wake = new AbortController()
  #stopWatching: (() => void)[] = []
  #running: Promise<void> = Promise.resolve()

  constructor(context: StreamsContext) {
    this.#context = context
  }

  start(): void {
    const { streams, consumers } = this.#context
    for (const stream of streams.all()) this.#plan(stream.name)
    this.#planConsumers()
    this.#stopWatching = [streams.watch((name) => this.#plan(name)), consumers.watch(() => this.#planConsumers())]
    this.#running = this.#run()
  }

  /** Resolves when what is being done is done; the rest waits in the catalog. */
  async stop(): Promise<void> {
    for (const stop of this.#stopWatching) stop()
    this.#stopping.abort()
    this.#wake.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { clock } = this.#context
    while (!this.#stopping.signal.aborted) {
      const nowMs = clock.nowMs()
      const due = [...this.#work].filter(([, { dueAtMs }]) => dueAtMs <= nowMs)
      if (due.length > 0) {
        await Promise.all(due.map(([key, work]) => this.#finish(key, work)))
        continue
      }
      this.#wake = new AbortController()
      const nextMs = Math.min(...[...this.#work.values()].map(({ dueAtMs }) => dueAtMs), nowMs + sleepMsMax)
      await clock.sleep(nextMs - nowMs, this.#wake.signal)
    }
  }

  async #finish(key: string, work: Work): Promise<void> {
    this.#work.delete(key)
    try {
      await work.finish()
    } catch (error) {
      this.#context.logger.log('error', 'work on a stream failed and will be tried again', { work: key, error })
      if (!this.#work.has(key)) this.#add(key, { ...work, dueAtMs: this.#context.clock.nowMs() + retryMs })
    }
  }

  #add(key: string, work: Work): void {
    this.#work.set(key, work)
    this.#wake.abort()
  }

  /** Looks at a stream anew: what does it wait for? */
  #plan(name: string): void {
    const key = `stream/${name}`
    const stream = this.#context.streams.find(name)
    const dueAtMs = stream && nextDueMs(stream)
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

  async #finishStream(name: string): Promise<void> {
    const stream = this.#context.streams.find(name)
    if (!stream) return
    if (stream.pending && stream.pending.dueAtMs <= this.#context.clock.nowMs()) await this.#finishPending(stream)
    else await this.#dropExpiredShards(stream)
    this.#plan(name)
  }

  async #finishPending(stream: Stream): Promise<void> {
    const { log, streams } = this.#context
    switch (stream.pending?.kind) {
      case 'create':
        await Promise.all(
          stream.shards.map(({ index }) => log.create(logIdOf(stream, index), { retentionMs: retentionMsOf(stream) })),
        )
        return this.#settle(stream)
      case 'settle':
        await Promise.all(
          stream.shards.map(({ index }) =>
            log.configure(logIdOf(stream, index), { retentionMs: retentionMsOf(stream) }),
          ),
        )
        return this.#settle(stream)
      case 'delete':
        await this.#context.consumers.removeAll(stream)
        await Promise.all(stream.shards.map(({ index }) => log.delete(logIdOf(stream, index))))
        await streams.remove(stream)
        return this.#forget(stream)
      default:
        return completeResharding(this.#context, stream)
    }
  }

  /** The work is done: ACTIVE, unless someone has given the stream other work meanwhile. */
  async #settle(stream: Stream): Promise<void> {
    await this.#context.streams.update(stream.name, (newest) => {
      if (newest.id !== stream.id || newest.pending?.kind !== stream.pending?.kind) return newest
      const { pending: _, ...rest } = newest
      return changed(rest as Stream, { status: 'ACTIVE' })
    })
  }

  #forget(stream: Stream): void {
    const { metrics, onDemand, throughput } = this.#context
    throughput.forget(stream)
    onDemand.forget(stream)
    metrics.forget({ StreamName: stream.name })
  }

  async #dropExpiredShards(stream: Stream): Promise<void> {
    const { clock, log, streams } = this.#context
    const nowMs = clock.nowMs()
    const expired = stream.shards.filter((shard) => isExpired(stream, shard, nowMs))
    if (expired.length === 0) return
    for (const { index } of expired) await log.delete(logIdOf(stream, index))
    const gone = new Set(expired.map(({ index }) => index))
    await streams.update(stream.name, (newest) =>
      newest.id === stream.id
        ? changed(newest, { shards: newest.shards.filter(({ index }) => !gone.has(index)) })
        : newest,
    )
  }
}

/** The wall clock may jump: however far away the next work is, the loop looks up at least this often. */
const sleepMsMax = 60_000

/** When a stream needs attention next: its pending work, or the first closed shard that expires. */
function nextDueMs(stream: Stream): number | undefined {
  const expiries = stream.shards.flatMap(({ closedAtMs }) =>
    closedAtMs === undefined ? [] : [closedAtMs + retentionMsOf(stream)],
  )
  const times = stream.pending ? [stream.pending.dueAtMs, ...expiries] : expiries
  return times.length === 0 ? undefined : Math.min(...times)
}
