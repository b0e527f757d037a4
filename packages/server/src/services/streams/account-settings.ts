import type { Json } from '../../storage/catalog.ts'
import type { StreamsContext } from './context.ts'

/** The account's commitment to a minimum of on-demand throughput, which unlocks warm throughput. */
export type Commitment = {
  readonly startedAtMs: number
  /** Set when it was asked to end. */
  readonly endedAtMs?: number
}

const key = 'account/minimum-throughput-billing-commitment'

/** A commitment lasts at least a day. */
const leastMs = 24 * 3_600_000

type Parts = Pick<StreamsContext, 'catalog' | 'clock'>

const commitmentOf = ({ catalog }: Parts) => catalog.get(key)?.value as Commitment | undefined

/** Is warm throughput to be had now? */
export function isCommitted(parts: Parts): boolean {
  const commitment = commitmentOf(parts)
  return commitment !== undefined && (commitment.endedAtMs ?? Number.POSITIVE_INFINITY) > parts.clock.nowMs()
}

/** Begins the commitment, or lets it end: at once if it has lasted long enough, else when it has. Idempotent. */
export async function setCommitment(parts: Parts, enabled: boolean): Promise<void> {
  const { catalog, clock } = parts
  for (;;) {
    const held = catalog.get(key)
    const commitment = held?.value as Commitment | undefined
    const nowMs = clock.nowMs()
    const runs = commitment !== undefined && (commitment.endedAtMs ?? Number.POSITIVE_INFINITY) > nowMs
    const isEnding = runs && commitment.endedAtMs !== undefined
    if (enabled ? runs && !isEnding : !runs || isEnding) return
    const startedAtMs = runs ? commitment.startedAtMs : nowMs
    const next: Json = enabled ? { startedAtMs } : { startedAtMs, endedAtMs: Math.max(nowMs, startedAtMs + leastMs) }
    if ((await catalog.put(key, next, held?.version ?? 0)) !== undefined) return
  }
}

/** As DescribeAccountSettings and UpdateAccountSettings show it. */
export function commitmentView(parts: Parts) {
  const commitment = commitmentOf(parts)
  if (!commitment) return { MinimumThroughputBillingCommitment: { Status: 'DISABLED' } }
  const { startedAtMs, endedAtMs } = commitment
  const ending = isCommitted(parts) ? 'ENABLED_UNTIL_EARLIEST_ALLOWED_END' : 'DISABLED'
  return {
    MinimumThroughputBillingCommitment: {
      Status: endedAtMs === undefined ? 'ENABLED' : ending,
      StartedAt: new Date(startedAtMs),
      ...(endedAtMs !== undefined && { EndedAt: new Date(endedAtMs) }),
      EarliestAllowedEndAt: new Date(startedAtMs + leastMs),
    },
  }
}
