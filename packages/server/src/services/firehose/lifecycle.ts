import type { Clock, Logger } from '@millrace/ports'
import type { MetricSink } from '../../core/ports.ts'
import type { RecordLog } from '../../storage/log.ts'
import type { AllDeliveryCounts } from './delivery/delivery-counts.ts'
import { type DeliveryStream, logIdOf } from './delivery-stream.ts'
import type { DeliveryStreamStore } from './delivery-stream-store.ts'
import { directPutRetentionMs } from './limits.ts'
import type { PutRates } from './put-rates.ts'

type Parts = {
  readonly clock: Clock
  readonly log: RecordLog
  readonly logger: Logger
  readonly deliveryStreams: DeliveryStreamStore
  readonly rates: PutRates
  readonly metrics: MetricSink
  readonly counts: AllDeliveryCounts
}

/** After a failure of storage the same work is tried again so much later. */
const retryMs = 1000

/**
 * Finishes what waits for its time: CREATING and DELETING. What is to be done stands in the
 * catalog, so that a restart takes it up again; each piece can be done twice.
 */
export class Lifecycle {
  readonly #parts: Parts
  readonly #stopping = new AbortController()
  readonly #running = new Map<string, Promise<void>>()
  #stopWatching = () => {}

  constructor(parts: Parts) {
    this.#parts = parts
  }

  start(): void {
    const { deliveryStreams } = this.#parts
    for (const { name } of deliveryStreams.all()) this.#look(name)
    this.#stopWatching = deliveryStreams.watch((name) => this.#look(name))
  }

  async stop(): Promise<void> {
    this.#stopWatching()
    this.#stopping.abort()
    await Promise.all(this.#running.values())
  }

  /** One loop for each delivery stream that waits for something. */
  #look(name: string): void {
    if (this.#running.has(name) || !this.#parts.deliveryStreams.find(name)?.pending) return
    this.#running.set(
      name,
      this.#finish(name).finally(() => {
        this.#running.delete(name)
        if (!this.#stopping.signal.aborted) this.#look(name) // it may have been given work in this very moment
      }),
    )
  }

  async #finish(name: string): Promise<void> {
    const { clock, deliveryStreams, logger } = this.#parts
    const { signal } = this.#stopping
    for (;;) {
      const stream = deliveryStreams.find(name)
      if (!stream?.pending || signal.aborted) return
      const waitMs = stream.pending.dueMs - clock.nowMs()
      if (waitMs > 0) {
        await clock.sleep(waitMs, signal)
        continue
      }
      try {
        await this.#do(stream)
      } catch (error) {
        logger.log('error', 'work on a delivery stream failed and will be tried again', { name, error })
        await clock.sleep(retryMs, signal)
      }
    }
  }

  async #do(stream: DeliveryStream): Promise<void> {
    const { counts, deliveryStreams, log, metrics, rates } = this.#parts
    switch (stream.pending?.kind) {
      case 'create':
        if (stream.source.type === 'DirectPut') await log.create(logIdOf(stream), { retentionMs: directPutRetentionMs })
        return this.#settle(stream, (newest) => ({ ...newest, status: 'ACTIVE' }))
      case 'delete':
        await log.delete(logIdOf(stream))
        rates.forget(stream.name)
        metrics.forget({ DeliveryStreamName: stream.name })
        counts.forget(logIdOf(stream))
        return deliveryStreams.remove(stream)
    }
  }

  /** The work is done, unless the delivery stream was given other work meanwhile. */
  async #settle(stream: DeliveryStream, change: (newest: DeliveryStream) => DeliveryStream): Promise<void> {
    await this.#parts.deliveryStreams.update(stream.name, (newest) => {
      if (newest.createdMs !== stream.createdMs || newest.pending?.kind !== stream.pending?.kind) return newest
      const { pending: _, ...rest } = change(newest)
      return rest
    })
  }
}
