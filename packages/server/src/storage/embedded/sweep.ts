import { LogNotFound } from '../log.ts'
import type { HeldLog } from './held-log.ts'
import type { Segment, SegmentStore } from './segment-store.ts'

type Kept = {
  /** Makes a log's start and end durable. */
  keep(log: HeldLog): Promise<void>
  removed(): readonly number[]
  setRemoved(numbers: readonly number[]): Promise<unknown>
  /** The last segment in which something was acknowledged. */
  newest(): number
}

/**
 * Deletes the finished segments that hold nothing any more: each block is before its log's start, or of no log. A
 * segment in which one log keeps a block stays whole. Resolves with how many went.
 */
export async function sweepSegments(
  store: SegmentStore,
  logs: readonly HeldLog[],
  last: number,
  kept: Kept,
): Promise<number> {
  await store.removeLeftovers()
  const byNumber = new Map(logs.map((log) => [log.number, log]))
  const empty: Segment[] = []
  const concerned = new Set<HeldLog>()
  for (const segment of [...store.segments.values()].sort((a, b) => a.number - b.number)) {
    if (!segment.directory || segment.rows || !isEmpty(segment, byNumber)) continue
    const before = store.segments.get(segment.previous)
    if (before && !before.hasIndex && !empty.includes(before)) continue // this one alone says how much of that one counts
    empty.push(segment)
    for (const log of logsIn(segment, byNumber)) concerned.add(log)
  }
  if (empty.length === 0) return 0
  const gone = new Set(empty)
  const named = new Set([
    last,
    kept.newest(),
    ...[...store.segments.values()].filter((s) => !gone.has(s)).map((s) => s.previous),
  ])
  const numbers = [...new Set([...kept.removed(), ...empty.map((segment) => segment.number)])]
  numbers.sort((a, b) => a - b)
  // First what the segments alone knew: where each log ends, and that these are gone on purpose. Then they go.
  const tell = async () => {
    await Promise.all([...concerned].map((log) => kept.keep(log).catch(ignoreDeleted)))
    await kept.setRemoved(numbers)
  }
  try {
    await tell()
  } catch {
    // A disk can be so full that there is no room to say what goes: the indexes of what goes make some.
    for (const segment of empty) await store.removeIndex(segment)
    await tell()
  }
  for (const log of concerned) log.segments = log.segments.filter((segment) => !gone.has(segment))
  for (const segment of empty) await store.remove(segment)
  await store.syncDirectory()
  await kept.setRemoved(numbers.filter((number) => named.has(number)))
  return empty.length
}

function isEmpty(segment: Segment, byNumber: ReadonlyMap<number, HeldLog>): boolean {
  const directory = segment.directory!
  for (let i = 0; i < directory.count; i++) {
    const log = byNumber.get(directory.logNumber(i))
    if (log && !log.deleted && directory.endOffset(i) > log.start) return false
  }
  return true
}

function logsIn(segment: Segment, byNumber: ReadonlyMap<number, HeldLog>): HeldLog[] {
  const found: HeldLog[] = []
  for (let i = 0; i < segment.directory!.count; i++) {
    const log = byNumber.get(segment.directory!.logNumber(i))
    if (log && !log.deleted) found.push(log)
  }
  return found
}

function ignoreDeleted(error: unknown): void {
  if (!(error instanceof LogNotFound)) throw error
}
