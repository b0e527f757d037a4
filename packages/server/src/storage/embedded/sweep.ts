import { LogNotFound } from '../log.ts'
import { compact, type Pace } from './compaction.ts'
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

/** All logs by number. Blocks of any other number are of logs that are gone. */
type Logs = ReadonlyMap<number, HeldLog>

/** A segment that is written to is finished early when so much of a full one is dead in it. */
const deadShareMin = 1 / 64

/** Changes of the map that are asked for at one time. */
const keptAtOnceMax = 512

/**
 * Makes durable where logs begin, and with it that they end there or later: what is gone stays so, also when the clock
 * goes back, and nothing else tells it once the segments are gone.
 */
export async function keepStarts(logs: Iterable<HeldLog>, kept: Pick<Kept, 'keep'>): Promise<void> {
  const moved = [...logs].filter((log) => !log.deleted && log.keptStart < log.start)
  for (let i = 0; i < moved.length; i += keptAtOnceMax)
    await Promise.all(moved.slice(i, i + keptAtOnceMax).map((log) => kept.keep(log).catch(ignoreDeleted)))
}

/**
 * Deletes the finished segments that hold nothing any more: each block is before its log's start, or of no log.
 * Resolves with how many went.
 */
export async function removeEmpty(store: SegmentStore, logs: Logs, last: number, kept: Kept): Promise<number> {
  await store.removeLeftovers()
  const empty: Segment[] = []
  for (const segment of store.inOrder()) {
    if (!store.isAtRest(segment) || !isEmpty(segment, logs)) continue
    const before = store.segments.get(segment.previous)
    if (before && !before.hasIndex && !empty.includes(before)) continue // this one alone says how much of that one counts
    empty.push(segment)
  }
  if (empty.length === 0) return 0
  const concerned = logsIn(empty, logs)
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
    await keepStarts(concerned, kept)
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

/** Compacts runs of segments one after the other, until it is stopped. Resolves with how many segments fewer there are. */
export async function compactRuns(
  store: SegmentStore,
  runs: readonly (readonly Segment[])[],
  logs: Logs,
  kept: Kept,
  pace: Pace,
): Promise<number> {
  let fewer = 0
  for (const run of runs) {
    if (pace.signal?.aborted) break
    await keepStarts(logsIn(run, logs), kept) // their last blocks may be among those that go
    const outcome = await compact(store, run, logs, pace)
    if (outcome === 'done') fewer += run.length - 1
    if (outcome === 'not durable') break
  }
  return fewer
}

/** Whether the segment that is written to is mostly dead: a deleted stream, and nobody writes any more. */
export function isMostlyDead(store: SegmentStore, logs: Logs, segmentBytesMax: number): boolean {
  const { directory, rows } = store.inOrder().at(-1) ?? {}
  if (directory || !rows) return false
  const { deadBytes, liveBytes } = rows.weigh((number) => logs.get(number)?.start ?? Number.POSITIVE_INFINITY)
  return deadBytes >= liveBytes && deadBytes >= segmentBytesMax * deadShareMin
}

function ignoreDeleted(error: unknown): void {
  if (!(error instanceof LogNotFound)) throw error
}

function isEmpty({ directory }: Segment, logs: Logs): boolean {
  for (let i = 0; i < directory!.count; i++) {
    const log = logs.get(directory!.logNumber(i))
    if (log && directory!.endOffset(i) > log.start) return false
  }
  return true
}

/** The logs of which a segment holds something that they do not need any more. */
function logsIn(segments: readonly Segment[], logs: Logs): Set<HeldLog> {
  const found = new Set<HeldLog>()
  for (const { directory } of segments) {
    for (let i = 0; i < directory!.count; i++) {
      const log = logs.get(directory!.logNumber(i))
      if (log && directory!.firstOffset(i) < log.start) found.add(log)
    }
  }
  return found
}
