import type { FirehoseContext } from '../context.ts'
import { logIdOf } from '../delivery-stream.ts'
import { count } from '../metrics.ts'
import { CheckpointStore } from './checkpoint-store.ts'
import { Delivery } from './delivery.ts'
import { type DeliveryView, deliveryView } from './delivery-view.ts'
import { planOf } from './plan.ts'

type Running = { readonly delivery: Delivery; readonly createdMs: number; readonly version: number }

/** How often CloudWatch is told of what waits. */
const reportMs = 60_000

/** Runs one delivery for each delivery stream that is there, and another one whenever its settings change. */
export class Deliveries {
  readonly #context: FirehoseContext
  readonly #checkpoints: CheckpointStore
  readonly #running = new Map<string, Running>()
  /** By name, the last change: stop one, start another. */
  readonly #changes = new Map<string, Promise<void>>()
  #isStopped = false
  #stopReports = () => {}
  #stopWatching = () => {}

  constructor(context: FirehoseContext) {
    this.#context = context
    this.#checkpoints = new CheckpointStore(context.catalog)
  }

  start(): void {
    const { deliveryStreams } = this.#context
    for (const { name } of deliveryStreams.all()) this.#look(name)
    void this.#checkpoints.keepOnly(this.#ids()).catch(() => {}) // the next that goes tries again
    this.#stopWatching = deliveryStreams.watch((name) => this.#look(name))
    this.#reportLater()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#stopReports()
    this.#stopWatching()
    await Promise.all(this.#changes.values())
    await Promise.all([...this.#running.values()].map(({ delivery }) => delivery.stop()))
  }

  /** How each delivery stream stands, in order of name. */
  views(): Promise<DeliveryView[]> {
    const { clock, deliveryStreams } = this.#context
    return Promise.all(
      deliveryStreams.all().map(async (stream) => {
        const figures = await this.#running.get(stream.name)?.delivery.figures()
        return deliveryView(stream, figures, clock.nowMs())
      }),
    )
  }

  #reportLater(): void {
    this.#stopReports = this.#context.clock.after(reportMs, () => {
      for (const { delivery } of this.#running.values()) delivery.reportWaiting()
      this.#reportLimits()
      this.#reportLater()
    })
  }

  /** What may be put into each delivery stream that something was put into since the last time. */
  #reportLimits(): void {
    const { counts, deliveryStreams, limits, metrics } = this.#context
    if (!Number.isFinite(limits.putBytesPerSecond)) return
    for (const stream of deliveryStreams.all()) {
      const known = counts.of(logIdOf(stream))
      if (known.put.records === known.reportedPutRecords) continue
      known.reportedPutRecords = known.put.records
      count(metrics, stream.name, 'BytesPerSecondLimit', limits.putBytesPerSecond)
      count(metrics, stream.name, 'RecordsPerSecondLimit', limits.putRecordsPerSecond)
      count(metrics, stream.name, 'PutRequestsPerSecondLimit', limits.putRequestsPerSecond)
    }
  }

  #look(name: string): void {
    const before = this.#changes.get(name) ?? Promise.resolve()
    const change = before
      .then(() => this.#follow(name))
      .catch((error: unknown) =>
        this.#context.logger.log('error', 'a delivery stream cannot be delivered', { name, error }),
      )
      .then(() => {
        if (this.#changes.get(name) === change) this.#changes.delete(name)
      })
    this.#changes.set(name, change)
  }

  async #follow(name: string): Promise<void> {
    const stream = this.#context.deliveryStreams.find(name)
    const running = this.#running.get(name)
    const isCurrent = running && stream?.createdMs === running.createdMs && stream.version === running.version
    const isWanted = stream?.status === 'ACTIVE' && !this.#isStopped
    if (running && !(isCurrent && isWanted)) {
      this.#running.delete(name)
      await running.delivery.stop()
    }
    if (!stream) await this.#checkpoints.keepOnly(this.#ids())
    if (!stream || !isWanted || isCurrent) return
    const parts = { ...this.#context, checkpoints: this.#checkpoints, counts: this.#context.counts.of(logIdOf(stream)) }
    const delivery = new Delivery(parts, planOf(this.#context, stream))
    this.#running.set(name, { delivery, createdMs: stream.createdMs, version: stream.version })
    delivery.start()
  }

  #ids(): ReadonlySet<string> {
    return new Set(this.#context.deliveryStreams.all().map(logIdOf))
  }
}
