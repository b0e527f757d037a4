import type { Clock, Logger } from '@millrace/ports'
import { batchOf, LogNotFound, type RecordLog } from '../../storage/log.ts'
import { Directory, type Known, rewriteMs } from './directory.ts'
import { futureMsMax, openPointsMax, readPointsMax, retentionMs } from './limits.ts'
import { Point } from './point.ts'
import { decodePoints, encodePoints, type Place, type Placed, type Wanted, wantedOf } from './point-codec.ts'
import type { Series, SeriesId } from './series.ts'

/** Series are spread over so many logs: a read of one need not read all others. */
const logsCount = 4
const logIdOf = (i: number) => `cloudwatch/points/${i}`
/** What series there are, as JSON: they are written again and again as long as they have data. */
const seriesLogId = 'cloudwatch/series'

/** An entry is not longer than about this. */
const entryPointsMax = 2000
const readBytesMax = 1024 * 1024

/** Series must outlive their data. */
const seriesRetentionMs = retentionMs + 3 * rewriteMs

type Parts = {
  readonly log: RecordLog
  readonly clock: Clock
  readonly logger: Logger
  /** Called when a minute is over, before what came in it is written. */
  readonly beforeWriting: () => void
}

/** A request would add up more points than `readPointsMax`. */
export class TooManyPoints extends Error {}

/**
 * Data points: what came since the last minute in memory, the rest in the logs of storage. A point that was written may
 * be written again with what came later: points of one place are added up where they are read.
 */
export class PointStore {
  readonly #log: RecordLog
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #beforeWriting: () => void
  readonly directory = new Directory()
  #open = new Map<string, Placed>()
  #loaded: Promise<void> | undefined
  #flushing: Promise<void> | undefined
  #flushes = 0
  #isDue = false
  #stopTimer = () => {}
  #isStopped = false

  constructor({ log, clock, logger, beforeWriting }: Parts) {
    this.#log = log
    this.#clock = clock
    this.#logger = logger
    this.#beforeWriting = beforeWriting
  }

  /** Resolves when the series of earlier days are known: they are read when someone first asks. */
  load(): Promise<void> {
    this.#loaded ??= this.#readSeries().catch((error: unknown) => {
      this.#loaded = undefined
      throw error
    })
    return this.#loaded
  }

  /** More came than may wait to be written: storage does not take it, or someone must wait for `flush`. */
  get isFull(): boolean {
    return this.#open.size > openPointsMax
  }

  /** The point of a place, to add to. */
  pointAt(place: Place): Point {
    const key = `${place.series}${place.unit} ${place.startS}${place.isSecond ? 's' : ''}`
    let placed = this.#open.get(key)
    if (!placed) {
      placed = { ...place, point: new Point() }
      this.#open.set(key, placed)
      this.plan()
    }
    return placed.point
  }

  /** All points of these series from `fromS` on and before `endS`, in no order; those of one place may be several. */
  async read(ids: ReadonlySet<SeriesId>, fromS: number, endS: number): Promise<Placed[]> {
    const wanted = wantedOf(ids)
    const found: Placed[] = []
    const take = (placed: Placed) => {
      if (found.length >= readPointsMax) throw new TooManyPoints()
      found.push(placed)
    }
    for (let flushes = -1; flushes !== this.#flushes; ) {
      // What is on its way to storage while it is read may be found there, or not: then all is read again.
      if (this.#flushing) await this.#flushing
      flushes = this.#flushes
      found.length = 0
      for (const index of new Set([...ids].map(logOf))) await this.#readLog(index, wanted, fromS, endS, take)
    }
    for (const placed of this.#open.values())
      if (ids.has(placed.series) && placed.startS >= fromS && placed.startS < endS) take(placed)
    return found
  }

  /** Writes what came. Resolves when it is durable; what storage did not take is tried again with the next minute. */
  flush(): Promise<void> {
    this.#flushing ??= this.#write().finally(() => {
      this.#flushing = undefined
    })
    return this.#flushing
  }

  /** Writes what is there. Nothing may come any more. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#stopTimer()
    if (this.#flushing) await this.#flushing
    await this.flush()
  }

  /** There is something to write when this minute is over: one write for each minute in which something came. */
  plan(): void {
    if (this.#isDue || this.#isStopped) return
    this.#isDue = true
    const intoMinuteMs = this.#clock.nowMs() % 60_000
    this.#stopTimer = this.#clock.after(60_000 - intoMinuteMs, () => {
      this.#isDue = false
      this.#beforeWriting()
      void this.flush()
    })
  }

  async #write(): Promise<void> {
    if (this.#open.size === 0) return
    this.#flushes++
    const leaving = [...this.#open.values()]
    this.#open = new Map()
    const runs: Run[] = [...Map.groupBy(leaving, ({ series }) => logOf(series))].map(([index, points]) => ({
      logId: logIdOf(index),
      entries: inEntries(points),
      retentionMs: retentionMs + futureMsMax,
      undo: () => {
        for (const { point, ...place } of points) this.pointAt(place).merge(point)
      },
    }))
    const unwritten = this.directory.unwritten()
    const writtenMs = this.#clock.nowMs()
    if (unwritten.length > 0)
      runs.push({
        logId: seriesLogId,
        entries: unwritten.map(encodeSeries),
        retentionMs: seriesRetentionMs,
        undo: () => {
          for (const known of unwritten) known.writtenMs = 0
        },
      })
    for (const known of unwritten) known.writtenMs = writtenMs
    await this.#append(runs)
    this.directory.expire(writtenMs)
  }

  /** Each run is written, or taken back: it is tried again when the next minute is over. */
  async #append(runs: readonly Run[]): Promise<void> {
    const failed = (run: Run, error: unknown) => {
      this.#logger.log('error', 'metrics could not be written, and will be tried again', { logId: run.logId, error })
      run.undo()
    }
    try {
      await Promise.all(runs.map(({ logId, ...options }) => this.#log.create(logId, options)))
    } catch (error) {
      for (const run of runs) failed(run, error)
      return
    }
    let end = 0
    const outcomes = await this.#log.appendRuns({
      batch: batchOf(runs.flatMap(({ entries }) => entries)),
      logs: runs.map(({ logId }) => this.#log.find(logId)),
      ends: Uint32Array.from(runs, ({ entries }) => (end += entries.length)),
    })
    for (const [i, run] of runs.entries()) if (outcomes.error(i)) failed(run, outcomes.error(i))
  }

  async #readLog(
    index: number,
    wanted: Wanted,
    fromS: number,
    endS: number,
    take: (placed: Placed) => void,
  ): Promise<void> {
    // A point comes after its time, or at most two hours before.
    const fromMs = 1000 * fromS - futureMsMax
    await this.#eachEntry(logIdOf(index), fromMs, (entry) => {
      for (const placed of decodePoints(entry, wanted, fromS, endS)) take(placed)
    })
  }

  async #readSeries(): Promise<void> {
    await this.#eachEntry(seriesLogId, 0, (entry, timestampMs) => {
      this.directory.restore(JSON.parse(Buffer.from(entry).toString()) as Series, timestampMs)
    })
  }

  async #eachEntry(logId: string, fromMs: number, take: (entry: Uint8Array, timestampMs: number) => void) {
    try {
      let from = await this.#log.offsetAt(logId, Math.max(0, fromMs))
      for (;;) {
        const blocks = await this.#log.read(logId, from, { bytesMax: readBytesMax, entriesMax: 10_000 })
        if (blocks.length === 0) return
        for (const { bytes, positions, firstOffset, timestampMs } of blocks) {
          for (let i = 0; i + 1 < positions.length; i++)
            take(bytes.subarray(positions[i], positions[i + 1]), timestampMs)
          from = firstOffset + positions.length - 1
        }
      }
    } catch (error) {
      if (!(error instanceof LogNotFound)) throw error // nothing was written yet
    }
  }
}

/** What one log is to take. */
type Run = {
  readonly logId: string
  readonly entries: readonly Uint8Array[]
  readonly retentionMs: number
  /** It was not written after all. */
  readonly undo: () => void
}

const logOf = (series: SeriesId) => Number.parseInt(series.slice(0, 2), 16) % logsCount

const encodeSeries = ({ namespace, metricName, dimensions }: Known): Uint8Array =>
  Buffer.from(JSON.stringify({ namespace, metricName, dimensions } satisfies Series))

function inEntries(points: readonly Placed[]): Uint8Array[] {
  const entries: Uint8Array[] = []
  for (let i = 0; i < points.length; i += entryPointsMax)
    entries.push(encodePoints(points.slice(i, i + entryPointsMax)))
  return entries
}
