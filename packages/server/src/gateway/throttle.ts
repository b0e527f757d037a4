import type { Clock } from '@millrace/ports'
import { AwsError } from '../core/aws-error.ts'
import type { CallRate, ServiceFace } from '../core/operation.ts'
import { TokenBucket } from '../core/token-bucket.ts'

/** Buckets kept at once; above it those of the longest unused resources are forgotten, which only forgives them. */
const bucketsMax = 10_000

/** The account's calls each second, by operation: AWS's protection of its control plane. */
export class Throttle {
  readonly #clock: Clock
  readonly #buckets = new Map<string, TokenBucket>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @throws LimitExceededException, or what the service has for it, above the operation's rate */
  admit(
    { name: service, throttledBy = 'LimitExceededException' }: ServiceFace,
    operation: string,
    { perSecond, per }: CallRate,
    accountId: string,
    resource: string | undefined,
  ): void {
    const whose = per === 'resource' ? resource : undefined
    const key = `${service}.${operation}/${accountId}/${whose ?? ''}`
    const bucket = this.#buckets.get(key) ?? new TokenBucket(this.#clock, perSecond)
    this.#buckets.delete(key) // and set again below: a Map remembers the order, so the first is the longest unused
    this.#buckets.set(key, bucket)
    if (this.#buckets.size > bucketsMax) this.#buckets.delete(this.#buckets.keys().next().value!)
    if (!bucket.take(1))
      throw new AwsError(
        throttledBy,
        `Rate exceeded for ${operation} ${whose ? `on ${whose} ` : ''}under account ${accountId}: ` +
          `at most ${perSecond} calls each second.`,
      )
  }
}
