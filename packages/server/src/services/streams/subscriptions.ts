import type { Clock } from '../../core/clock.ts'

/** Who is subscribed to which shard, over all consumers. */
export class Subscriptions {
  constructor(_clock: Clock) {}

  /** Ends all subscriptions: the server stops. */
  stop(): void {}
}
