import { anySignal } from '@millrace/ports'
import { KeyRefused } from '../../core/ports/keys.ts'
import { noDataKey } from '../../storage/data-key.ts'
import type { FirehoseContext } from './context.ts'
import { type DeliveryStream, type DeliveryStreamEncryption, logIdOf } from './delivery-stream.ts'
import { dataKeyLifeMs, failureOf, newDataKey, retired } from './encryption.ts'
import { directPutRetentionMs } from './limits.ts'

type Parts = Pick<
  FirehoseContext,
  'clock' | 'log' | 'logger' | 'deliveryStreams' | 'rates' | 'metrics' | 'counts' | 'keys' | 'place'
>

/** After a failure of storage the same work is tried again so much later. */
const retryMs = 1000

/**
 * Finishes what waits for its time: CREATING and DELETING, encryption, new data keys. What is to be done stands in the
 * catalog, so that a restart takes it up again; each piece can be done twice.
 */
export class Lifecycle {
  readonly #parts: Parts
  readonly #stopping = new AbortController()
  readonly #running = new Map<string, Promise<void>>()
  /** By name: ends a wait whose delivery stream was given other work. */
  readonly #wakes = new Map<string, AbortController>()
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
    this.#wakes.get(name)?.abort()
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
        const wake = new AbortController()
        this.#wakes.set(name, wake)
        await clock.sleep(waitMs, anySignal([signal, wake.signal]))
        this.#wakes.delete(name)
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
        return stream.encryption ? this.#begin(stream) : this.#settle(stream, { status: 'ACTIVE' })
      case 'encrypt':
        return stream.encryption?.status === 'DISABLING' ? this.#unseal(stream) : this.#seal(stream)
      case 'renew':
        return this.#seal(stream)
      case 'delete':
        await log.delete(logIdOf(stream))
        rates.forget(stream.name)
        metrics.forget({ DeliveryStreamName: stream.name })
        counts.forget(logIdOf(stream))
        await this.#parts.keys?.forget(logIdOf(stream))
        return deliveryStreams.remove(stream)
    }
  }

  /** What is made with encryption is not there without. */
  async #begin(stream: DeliveryStream): Promise<void> {
    const encryption = await this.#sealed(stream)
    const { failure } = encryption
    const status = failure ? 'CREATING_FAILED' : 'ACTIVE'
    return this.#settle(
      stream,
      { status, encryption, ...(failure && { failure }) },
      failure ? undefined : this.#renewal(),
    )
  }

  async #seal(stream: DeliveryStream): Promise<void> {
    const encryption = await this.#sealed(stream)
    return this.#settle(stream, { encryption }, encryption.dataKey === undefined ? undefined : this.#renewal())
  }

  /** Seals the log by a new data key. Where there is none to be had, it stays as it is. */
  async #sealed(stream: DeliveryStream): Promise<DeliveryStreamEncryption> {
    const { log, logger } = this.#parts
    const { key, status, ...before } = stream.encryption!
    // A renewal whose key was changed in vain goes on with the one before.
    const chosen = status === 'ENABLING' ? key : (before.sealedUnder ?? key)
    try {
      const dataKey = await newDataKey(this.#parts, stream, chosen)
      await log.configure(logIdOf(stream), { dataKey })
      if (status !== 'ENABLING') return { ...stream.encryption!, dataKey }
      return { status: 'ENABLED', key, dataKey, sealedUnder: key }
    } catch (error) {
      if (!(error instanceof KeyRefused)) throw error
      logger.log('warn', 'a delivery stream has no new data key', { name: stream.name, error: error.message })
      return status === 'ENABLING'
        ? { ...before, status: 'ENABLING_FAILED', key, failure: failureOf(error) }
        : stream.encryption!
    }
  }

  /** What says that it is encrypted is so: first it says so no more. */
  async #unseal(stream: DeliveryStream): Promise<void> {
    const { deliveryStreams, log } = this.#parts
    await deliveryStreams.update(stream.name, (newest) =>
      newest.createdMs === stream.createdMs && newest.encryption?.status === 'DISABLING'
        ? { ...newest, encryption: { status: 'DISABLING', key: newest.encryption.key } }
        : newest,
    )
    await log.configure(logIdOf(stream), { dataKey: noDataKey })
    return this.#settle(stream, { encryption: { status: 'DISABLED', key: stream.encryption!.key } })
  }

  #renewal = () => ({ kind: 'renew' as const, dueMs: this.#parts.clock.nowMs() + dataKeyLifeMs })

  /** The work is done, unless the delivery stream was given other work meanwhile. */
  async #settle(
    stream: DeliveryStream,
    change: Partial<DeliveryStream>,
    next?: DeliveryStream['pending'],
  ): Promise<void> {
    const { clock, deliveryStreams, keys } = this.#parts
    const nowMs = clock.nowMs()
    const dropped: number[] = []
    await deliveryStreams.update(stream.name, (newest) => {
      if (newest.createdMs !== stream.createdMs || newest.pending?.kind !== stream.pending?.kind) return newest
      const { pending: _, ...rest } = newest
      const settled = { ...rest, ...change, ...(next && { pending: next }) }
      const { gone, retiredKeys } = retired(stream, settled, nowMs)
      dropped.splice(0, dropped.length, ...gone)
      return { ...settled, retiredKeys: retiredKeys.length > 0 ? retiredKeys : undefined }
    })
    for (const dataKey of dropped) await keys?.remove(dataKey)
  }
}
