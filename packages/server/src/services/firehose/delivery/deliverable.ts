import type { DeliveryParts } from './delivery.ts'
import type { DeliveryFacts } from './delivery-view.ts'
import type { Plan } from './plan.ts'

/** Something that is delivered: a delivery stream, a channel of a stream. */
export type Deliverable = {
  /** Of its checkpoint and counts: another for one that is made again under its name. */
  readonly id: string
  /** Rises with each change after which it is to be delivered anew. */
  readonly version: number
  /** Not while it is made or deleted. */
  readonly isActive: boolean
  readonly facts: DeliveryFacts
  readonly parts: Omit<DeliveryParts, 'checkpoints'>
  /** @throws AwsError for what cannot be delivered */
  plan(): Promise<Plan> | Plan
}

/** All that is delivered of one kind, by a key. */
export interface Deliverables {
  keys(): readonly string[]
  find(key: string): Deliverable | undefined
  /** Tells after each change which it was. Returns how to stop. */
  watch(listener: (key: string) => void): () => void
  /** Tells CloudWatch what is to be told each minute beside the deliveries. */
  report?(): void
}
