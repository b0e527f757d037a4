import type { StreamRecord } from '../../../core/ports/streams.ts'

type Waiting = { readonly record: StreamRecord; readonly sizeBytes: number; readonly sinceMs: number }

/**
 * Records of a shard that wait for the function, oldest first. A shard has as many lanes as its ParallelizationFactor; all
 * records of a partition key are in one, so that their order is kept.
 */
export class Lane {
  #waiting: Waiting[] = []
  #next = 0
  /** Bytes of the waiting records' JSON, separators included. */
  sizeBytes = 0
  /** Bytes of those that were taken last. */
  takenBytes = 0
  /** The last sequence number that is done. */
  doneThrough: string
  /**
   * Records were taken and are not done yet. From the moment of taking on: a lane in which nothing waits counts as done
   * as far as the shard is read, and another lane may write the checkpoint at any time.
   */
  isBusy = false

  constructor(doneThrough: string) {
    this.doneThrough = doneThrough
  }

  get count(): number {
    return this.#waiting.length - this.#next
  }

  get first(): StreamRecord | undefined {
    return this.#waiting[this.#next]?.record
  }

  /** When the first one began to wait (monotonic); undefined if none waits. */
  get sinceMs(): number | undefined {
    return this.#waiting[this.#next]?.sinceMs
  }

  add(record: StreamRecord, recordJsonBytes: number, nowMs: number): void {
    const sizeBytes = recordJsonBytes + 1
    this.#waiting.push({ record, sizeBytes, sinceMs: nowMs })
    this.sizeBytes += sizeBytes
  }

  /** Takes the first records: as many as fit, one at least, none from the first on that does not belong. */
  take(countMax: number, bytesMax: number, belongs: (record: StreamRecord) => boolean): StreamRecord[] {
    const taken: StreamRecord[] = []
    let bytes = 0
    while (taken.length < countMax && this.#next < this.#waiting.length) {
      const { record, sizeBytes } = this.#waiting[this.#next]!
      if (taken.length > 0 && (bytes + sizeBytes > bytesMax || !belongs(record))) break
      bytes += sizeBytes
      taken.push(record)
      this.#next++
    }
    this.isBusy = true
    this.sizeBytes -= bytes
    this.takenBytes = bytes
    if (this.#next === this.#waiting.length || this.#next >= compactFrom) {
      this.#waiting = this.#waiting.slice(this.#next)
      this.#next = 0
    }
    return taken
  }

  /** Do so many records, or so many bytes of them, wait that a batch is full? Or does the last not belong to the first's? */
  isFull(countMax: number, bytesMax: number, belongs: (record: StreamRecord) => boolean): boolean {
    if (this.count >= countMax || this.sizeBytes >= bytesMax) return true
    const last = this.#waiting.at(-1)
    return last !== undefined && this.count > 0 && !belongs(last.record)
  }
}

/** Records that were taken are let go of when there are so many. */
const compactFrom = 4096

/** The lane of a partition key: FNV-1a, the same after a restart. */
export function laneOf(partitionKey: string, laneCount: number): number {
  if (laneCount === 1) return 0
  let hash = 0x811c9dc5
  for (let i = 0; i < partitionKey.length; i++) hash = Math.imul(hash ^ partitionKey.charCodeAt(i), 0x01000193)
  return (hash >>> 0) % laneCount
}
