import type { FirehoseContext } from '../context.ts'
import type { CheckpointStore } from './checkpoint-store.ts'
import type { Deliverables } from './deliverable.ts'
import { Delivery } from './delivery.ts'
import { type DeliveryView, deliveryView } from './delivery-view.ts'

type Running = { readonly delivery: Delivery; readonly id: string; readonly version: number }

/** How often CloudWatch is told of what waits. */
const reportMs = 60_000

/** Runs one delivery for each thing that is to be delivered, and another one whenever its settings change. */
export class Deliveries {
  readonly #context: Pick<FirehoseContext, 'clock' | 'logger'>
  readonly #deliverables: Deliverables
  readonly #checkpoints: CheckpointStore
  readonly #running = new Map<string, Running>()
  /** By key, the last change: stop one, start another. */
  readonly #changes = new Map<string, Promise<void>>()
  #isStopped = false
  #stopReports = () => {}
  #stopWatching = () => {}

  constructor(
    context: Pick<FirehoseContext, 'clock' | 'logger'>,
    deliverables: Deliverables,
    checkpoints: CheckpointStore,
  ) {
    this.#context = context
    this.#deliverables = deliverables
    this.#checkpoints = checkpoints
  }

  start(): void {
    for (const key of this.#deliverables.keys()) this.#look(key)
    void this.#checkpoints.keepOnly(this.#ids()).catch(() => {}) // the next that goes tries again
    this.#stopWatching = this.#deliverables.watch((key) => this.#look(key))
    this.#reportLater()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#stopReports()
    this.#stopWatching()
    await Promise.all(this.#changes.values())
    await Promise.all([...this.#running.values()].map(({ delivery }) => delivery.stop()))
  }

  /** How each stands, in order of key. */
  async views(): Promise<DeliveryView[]> {
    const { clock } = this.#context
    const views = this.#deliverables.keys().map(async (key) => {
      const deliverable = this.#deliverables.find(key)
      const figures = await this.#running.get(key)?.delivery.figures()
      return deliverable && deliveryView(deliverable.facts, figures, clock.nowMs())
    })
    return (await Promise.all(views)).filter((view) => view !== undefined)
  }

  #reportLater(): void {
    this.#stopReports = this.#context.clock.after(reportMs, () => {
      for (const { delivery } of this.#running.values()) delivery.reportWaiting()
      this.#deliverables.report?.()
      this.#reportLater()
    })
  }

  #look(key: string): void {
    const before = this.#changes.get(key) ?? Promise.resolve()
    const change = before
      .then(() => this.#follow(key))
      .catch((error: unknown) =>
        this.#context.logger.log('error', 'a delivery stream cannot be delivered', { name: key, error }),
      )
      .then(() => {
        if (this.#changes.get(key) === change) this.#changes.delete(key)
      })
    this.#changes.set(key, change)
  }

  async #follow(key: string): Promise<void> {
    const found = this.#deliverables.find(key)
    const running = this.#running.get(key)
    const isCurrent = running && found?.id === running.id && found.version === running.version
    const isWanted = found?.isActive && !this.#isStopped
    if (running && !(isCurrent && isWanted)) {
      this.#running.delete(key)
      await running.delivery.stop()
    }
    if (!found) await this.#checkpoints.keepOnly(this.#ids())
    if (!found || !isWanted || isCurrent) return
    const { id, parts, version } = found
    const delivery = new Delivery({ ...parts, checkpoints: this.#checkpoints }, await found.plan())
    this.#running.set(key, { delivery, id, version })
    delivery.start()
  }

  #ids(): ReadonlySet<string> {
    return new Set(this.#deliverables.keys().flatMap((key) => this.#deliverables.find(key)?.id ?? []))
  }
}
