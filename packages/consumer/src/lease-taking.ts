import { fractionOf, type Random } from '@millrace/ports'
import { isFinished, type Lease, readerOf } from './lease.ts'

/** A lease, and what this worker's own clock says of it. */
export type SeenLease = {
  readonly lease: Lease
  /** When its counter was last seen to move. */
  readonly movedMs: number
  /** Since when it has been seen as it is. */
  readonly sinceMs: number
}

/**
 * What a worker knows of all leases: the rows of its last scan. A lease counts as expired when its counter has stood still
 * for the failover time by this worker's own clock, so that no two clocks are ever compared.
 */
export class LeaseView {
  readonly #failoverTimeMs: number
  #seen = new Map<string, SeenLease>()
  #scannedMs = Number.POSITIVE_INFINITY

  constructor(failoverTimeMs: number) {
    this.#failoverTimeMs = failoverTimeMs
  }

  /** Takes in a scan that was finished at `nowMs`, on a clock that never goes back. */
  update(leases: readonly Lease[], nowMs: number): void {
    // When this worker could not look for so long, perhaps nobody could write either: the others get their time anew.
    const wasBlind = nowMs - this.#scannedMs > this.#failoverTimeMs
    this.#scannedMs = nowMs
    const seen = new Map<string, SeenLease>()
    for (const lease of leases) {
      const before = this.#seen.get(lease.leaseKey)
      const stoodStill =
        before?.lease.leaseCounter === lease.leaseCounter && before.lease.leaseOwner === lease.leaseOwner
      const isNew = !before && lease.leaseOwner === undefined
      const isSame = stoodStill && !wasBlind
      const movedMs = isNew ? neverMs : isSame ? before.movedMs : nowMs
      seen.set(lease.leaseKey, { lease, movedMs, sinceMs: isSame ? before.sinceMs : nowMs })
    }
    this.#seen = seen
  }

  get(leaseKey: string): Lease | undefined {
    return this.#seen.get(leaseKey)?.lease
  }

  all(): readonly SeenLease[] {
    return [...this.#seen.values()]
  }

  /** Those who read a shard, as of the last scan. */
  workers(nowMs: number): Set<string> {
    const workers = new Set<string>()
    for (const { lease, movedMs } of this.#seen.values()) {
      const reader = readerOf(lease)
      if (reader !== undefined && nowMs - movedMs <= this.#failoverTimeMs) workers.add(reader)
    }
    return workers
  }
}

/** A lease without an owner has never been renewed: it is free at once. */
const neverMs = Number.NEGATIVE_INFINITY

export type TakingRules = {
  readonly workerId: string
  readonly nowMs: number
  readonly failoverTimeMs: number
  readonly leasesMax: number
  readonly stealMax: number
  readonly random: Random
}

export type Taking = {
  /** Free or expired, and this worker's to take. */
  readonly take: readonly Lease[]
  /** Of a worker that has too many. */
  readonly steal: readonly Lease[]
  readonly counts: {
    readonly total: number
    readonly expired: number
    readonly workers: number
    readonly needed: number
    readonly spillover: number
    readonly veryOld: number
  }
}

/**
 * Which leases a worker takes, by the rules of KCL 1 and 2 (DynamoDBLeaseTaker): its share is the number of leases by the
 * number of workers, rounded up. What has been expired for very long is taken first, whatever the share; then what is
 * expired or free; and only when nothing is, one is stolen from the worker with the most.
 */
export function chooseLeases(seen: readonly SeenLease[], rules: TakingRules): Taking {
  const { workerId, nowMs, failoverTimeMs, leasesMax, stealMax, random } = rules
  const open = seen.filter(({ lease }) => !isFinished(lease))
  const isFree = ({ lease, movedMs }: SeenLease) => readerOf(lease) === undefined || nowMs - movedMs > failoverTimeMs
  const free = open.filter(isFree)
  const countOf = new Map<string, number>([[workerId, 0]])
  for (const one of open) {
    const reader = readerOf(one.lease)
    if (reader !== undefined && !isFree(one)) countOf.set(reader, (countOf.get(reader) ?? 0) + 1)
  }
  const mine = countOf.get(workerId)!
  const share = Math.ceil(open.length / countOf.size)
  const target = Math.min(share, leasesMax)
  const needed = Math.max(0, target - mine)
  const veryOld = open.filter((one) => isFree(one) && nowMs - one.movedMs > veryOldFailovers * failoverTimeMs)
  const counts = {
    total: open.length,
    expired: free.length,
    workers: countOf.size,
    needed,
    spillover: Math.max(0, share - leasesMax),
    veryOld: veryOld.length,
  }
  const some = (from: readonly SeenLease[], count: number) =>
    shuffled(from, random)
      .slice(0, Math.max(0, count))
      .map(({ lease }) => lease)

  // A lease that nobody ever had is free, not forgotten: it is shared out like the others.
  const forgotten = veryOld.filter(({ movedMs }) => movedMs !== neverMs)
  if (forgotten.length > 0) {
    const take = some(forgotten, leasesMax - mine)
    const taken = new Set(take)
    const rest = free.filter(({ lease }) => !taken.has(lease))
    return { take: [...take, ...some(rest, needed - take.length)], steal: [], counts }
  }
  if (free.length > 0) return { take: some(free, needed), steal: [], counts }
  if (needed === 0) return { take: [], steal: [], counts }

  let [loaded, most] = [workerId, mine]
  for (const [worker, count] of countOf) if (count > most) [loaded, most] = [worker, count]
  if (loaded === workerId || most < target) return { take: [], steal: [], counts }
  // From one who has just its share, only when we lack more than one: else the same lease would wander for ever.
  const surplus = Math.min(needed, most - target) || (needed > 1 ? 1 : 0)
  const theirs = open.filter(({ lease }) => lease.leaseOwner === loaded && lease.checkpointOwner === undefined)
  return { take: [], steal: some(theirs, Math.min(surplus, stealMax)), counts }
}

/**
 * Beside a leader of KCL 3, who shares out the leases, a worker takes only what the leader has forgotten: what has been free
 * for so long that he would have come to it twice.
 */
export function chooseForgotten(seen: readonly SeenLease[], rules: TakingRules): Taking {
  const { nowMs, failoverTimeMs } = rules
  const forgotten = seen.filter(({ sinceMs }) => nowMs - sinceMs > forgottenFailovers * failoverTimeMs)
  const { take, counts } = chooseLeases(forgotten, rules)
  return { take, steal: [], counts }
}

/** The leader looks every second failover time, and first when a lease has been still for one. */
const forgottenFailovers = 6

/** KCL's veryOldLeaseDurationNanosMultiplier. */
const veryOldFailovers = 3

/** Workers that wake at the same moment must not all want the same leases. */
function shuffled<T>(values: readonly T[], random: Random): T[] {
  const mixed = [...values]
  for (let last = mixed.length - 1; last > 0; last--) {
    const other = Math.floor(fractionOf(random) * (last + 1))
    ;[mixed[last], mixed[other]] = [mixed[other]!, mixed[last]!]
  }
  return mixed
}
