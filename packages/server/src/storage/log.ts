/*
 * The small interface under every storage. What a record is to storage: opaque bytes at an offset. Shards and sequence
 * numbers are the service's words.
 *
 * Offsets are plain numbers: 2^53 entries in one log are a million a second for 285 years.
 */

/**
 * Entries that travel as one buffer: entry i is `bytes.subarray(positions[i], positions[i + 1])`, so `positions` holds
 * one number more than there are entries. Whoever hands a batch over does not touch it any more.
 */
export type Batch = {
  readonly bytes: Uint8Array
  readonly positions: Uint32Array
  /** Called once nobody looks at the bytes any more. Never, if readers were shown them: they may keep them. */
  readonly release?: () => void
}

/** A run of entries as storage gives it back: entry i has offset `firstOffset + i`; all came at one time. */
export type EntryBlock = Batch & { readonly firstOffset: number; readonly timestampMs: number }

export const entryCount = (batch: Batch) => batch.positions.length - 1

export const entryAt = (batch: Batch, i: number) => batch.bytes.subarray(batch.positions[i]!, batch.positions[i + 1]!)

/** Neighbouring entries of a batch: a view. */
export function slice({ bytes, positions }: Batch, first: number, end: number): Batch {
  const start = positions[first]!
  const part = positions.slice(first, end + 1)
  for (let i = 0; i < part.length; i++) part[i]! -= start
  return { bytes: bytes.subarray(start, positions[end]), positions: part }
}

/** Builds a batch from entries that lie apart. */
export function batchOf(entries: readonly Uint8Array[]): Batch {
  const positions = new Uint32Array(entries.length + 1)
  let size = 0
  for (const [i, entry] of entries.entries()) {
    size += entry.byteLength
    positions[i + 1] = size
  }
  const bytes = new Uint8Array(size)
  for (const [i, entry] of entries.entries()) bytes.set(entry, positions[i]!)
  return { bytes, positions }
}

export type LogOptions = {
  /** Entries older than this are gone: `bounds().start` passes them, and their space is given back in time. */
  readonly retentionMs: number
  /**
   * The number of the data key that seals what is appended from now on: on a disk it is unreadable without the key, and
   * bound to its log, offset and time. What is there already stays as it is. @default noDataKey: it is not sealed
   */
  readonly dataKey?: number | undefined
}

export type Appended = {
  /** Offset of the batch's first entry; the others follow without a gap. */
  readonly firstOffset: number
  /** The time that storage gave the batch: never before that of an earlier batch of this log. */
  readonly timestampMs: number
}

/** A log as storage knows it, for who appends to it often. Good until the log is deleted. */
export type LogRef = { readonly id: string }

/** What one call appends to several logs: entries up to `ends[0]` of the batch to `logs[0]`, from there up to `ends[1]` to `logs[1]`, … */
export type Runs = { readonly batch: Batch; readonly logs: readonly LogRef[]; readonly ends: Uint32Array }

/** What became of each of several runs. */
export class RunOutcomes {
  /** As in `Appended`; of a run that failed they say nothing. Arrays, for small typed ones take three times the memory. */
  readonly firstOffsets: number[]
  readonly timestampsMs: number[]
  #errors: (Error | undefined)[] | undefined

  constructor(count: number) {
    this.firstOffsets = new Array<number>(count).fill(Number.NaN)
    this.timestampsMs = new Array<number>(count).fill(Number.NaN)
  }

  /** Why a run was not appended; undefined if it was. */
  error(run: number): Error | undefined {
    return this.#errors?.[run]
  }

  fail(run: number, error: Error): void {
    this.#errors ??= []
    this.#errors[run] = error
  }
}

export type Bounds = {
  /** The first offset that is kept: TRIM_HORIZON. */
  readonly start: number
  /** The offset that the next entry will get: LATEST. */
  readonly end: number
}

export type ReadLimits = {
  /** Stop before exceeding this many bytes; one entry is given however large it is. */
  readonly bytesMax: number
  readonly entriesMax: number
  /** Wait this long for the first entry when there is none; 0 or absent answers at once. */
  readonly waitMs?: number
}

export interface RecordLog {
  /** Makes an empty log. Idempotent: a log that exists keeps its entries and its options. */
  create(logId: string, options: LogOptions): Promise<void>
  /** Deletes a log and gives its space back. Idempotent. Later calls on it fail with LogNotFound. */
  delete(logId: string): Promise<void>
  /**
   * Changes the options that are given. A longer retention does not bring back what a shorter one let go. Once it
   * resolves, nothing is sealed by the key before, nor left unsealed, any more.
   */
  configure(logId: string, options: Partial<LogOptions>): Promise<void>
  /**
   * Adds a batch, whole or not at all. Resolves once it is durable (see the storage's durability mode): nothing that
   * was acknowledged is ever lost, or served before it is durable. Batches of concurrent calls are ordered by arrival.
   * @throws LogClosed, LogNotFound, StorageBusy, StorageFailed (the outcome is unknown), what DataKeys throw (nothing
   * was taken)
   */
  append(logId: string, batch: Batch): Promise<Appended>
  /** Finds a log for `appendRuns`. What is not there is found, too: appending to it fails with LogNotFound. */
  find(logId: string): LogRef
  /**
   * As `append`, for several logs by one call, which hundreds of them would be too dear for. Each run is there whole or
   * not at all, and has an outcome of its own; it never rejects.
   */
  appendRuns(runs: Runs): Promise<RunOutcomes>
  /** Resolves once no append, from any process, can land any more. Durable. Idempotent. Reading goes on. */
  close(logId: string): Promise<{ endOffset: number }>
  /**
   * Entries from an offset on, oldest first: empty when there are none. From before `start` it begins at `start`.
   * The returned bytes are views that nobody may write to. @throws LogNotFound, StorageFailed, what DataKeys throw
   */
  read(logId: string, from: number, limits: ReadLimits, signal?: AbortSignal): Promise<readonly EntryBlock[]>
  /** The first offset whose entry came at or after a time; `bounds().end` if there is none. */
  offsetAt(logId: string, timestampMs: number): Promise<number>
  bounds(logId: string): Promise<Bounds>
  /**
   * What the entries take that are kept, about: never less than they are long together, and more only by what came in one
   * append with the first of them, and by some bytes for each entry. Cheap enough to be asked once a second.
   */
  sizeBytes(logId: string): Promise<number>
  /** Lets go of the entries before an offset. Does nothing when they are gone already. */
  trim(logId: string, before: number): Promise<void>
}

/** The log was closed: the service looks again for where the record now belongs. */
export class LogClosed extends Error {
  constructor(logId: string) {
    super(`log ${logId} is closed`)
  }
}

export class LogNotFound extends Error {
  constructor(logId: string) {
    super(`there is no log ${logId}`)
  }
}

/** More is waiting to be written than may wait. Nothing of this batch was taken: it may be tried again in a while. */
export class StorageBusy extends Error {
  constructor() {
    super('more is waiting to be written than may wait')
  }
}

/** A disk or broker failed. Whether what was asked has happened is unknown. */
export class StorageFailed extends Error {}
