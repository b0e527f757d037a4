import type { HeldLog } from './held-log.ts'
import type { Segment } from './segment-store.ts'

/** What expires within this time, in milliseconds, is not worth moving: its segment soon goes as a whole. */
const patienceMs = 3_600_000

/** Segments as short as this share of a full one are small. */
const smallShare = 1 / 16

/** So many small neighbours become one, so that a log that lives long does not leave a file for each day. */
const smallRunMin = 8

/** What is made is at most this share of a full segment. */
const madeShare = 1 / 2

type Weighed = {
  readonly segment: Segment
  readonly lengthBytes: number
  /** What its logs still need, a log that needs a part of its blocks counted whole: the rest expires soon after. */
  readonly liveBytes: number
  readonly deadBytes: number
  /** There is something in it that is needed for longer. */
  readonly isLasting: boolean
}

/**
 * Which runs of neighbouring segments are worth compacting: those that are mostly dead, yet will not go as a whole soon;
 * and many small ones. What a compaction makes is neither, so that this comes to an end. Least work first.
 *
 * `segments` are all in order; those that may not be touched now break a run. `horizonMs(log)` is the time before which
 * a log's entries are expired.
 */
export function runsToCompact(
  segments: readonly Segment[],
  logs: ReadonlyMap<number, HeldLog>,
  segmentBytesMax: number,
  horizonMs: (log: HeldLog) => number,
): Segment[][] {
  const weighed = segments.map((segment) => (isSettled(segment) ? weigh(segment, logs, horizonMs) : undefined))
  const madeBytesMax = segmentBytesMax * madeShare
  const sparse = runsOf(weighed, isSparse, madeBytesMax).filter((run) => run.some(({ isLasting }) => isLasting))
  const taken = new Set(sparse.flat())
  const isSmall = (w: Weighed) => !taken.has(w) && w.lengthBytes <= segmentBytesMax * smallShare && w.isLasting
  const small = runsOf(weighed, isSmall, madeBytesMax).filter((run) => run.length >= smallRunMin)
  const workOf = (run: readonly Weighed[]) => run.reduce((sum, { liveBytes }) => sum + liveBytes, 0)
  const runs = [...sparse, ...small].sort((a, b) => workOf(a) - workOf(b))
  return runs.map((run) => run.map(({ segment }) => segment))
}

/** Finished, with its index on the disk, and without damage. */
const isSettled = ({ directory, rows, isKept }: Segment) => directory?.damage.length === 0 && !rows && !isKept

const isSparse = ({ liveBytes, deadBytes }: Weighed) => deadBytes > 0 && deadBytes >= liveBytes

function weigh(segment: Segment, logs: ReadonlyMap<number, HeldLog>, horizonMs: (log: HeldLog) => number): Weighed {
  const directory = segment.directory!
  let liveBytes = 0
  let deadBytes = 0
  let isLasting = false
  for (let i = 0; i < directory.count; i++) {
    const log = logs.get(directory.logNumber(i))
    if (!log || directory.endOffset(i) <= log.start) {
      deadBytes += directory.bytesOf(i)
      continue
    }
    liveBytes += directory.bytesOf(i)
    isLasting ||= directory.lastMs(i) >= horizonMs(log) + patienceMs
  }
  return { segment, lengthBytes: directory.validLength, liveBytes, deadBytes, isLasting }
}

/** Neighbours that all are such, and together need no more than `bytesMax`: the longest runs, from the oldest on. */
function runsOf(
  segments: readonly (Weighed | undefined)[],
  isSuch: (weighed: Weighed) => boolean,
  bytesMax: number,
): Weighed[][] {
  const runs: Weighed[][] = []
  let run: Weighed[] = []
  let bytes = 0
  for (const weighed of segments) {
    const isIn = weighed !== undefined && isSuch(weighed)
    if (run.length > 0 && (!isIn || bytes + weighed.liveBytes > bytesMax)) {
      runs.push(run)
      run = []
      bytes = 0
    }
    if (!isIn) continue
    run.push(weighed)
    bytes += weighed.liveBytes
  }
  if (run.length > 0) runs.push(run)
  return runs
}
