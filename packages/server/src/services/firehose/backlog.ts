import type { Clock } from '@millrace/ports'
import { LogNotFound, type RecordLog } from '../../storage/log.ts'
import { logIdOf } from './delivery-stream.ts'
import type { DeliveryStreamStore } from './delivery-stream-store.ts'

/** While there is no room, what waits is measured so often at most. */
const measureMs = 1000

/** What a record takes in a log beside its bytes. */
const recordOverheadBytes = 4

export type BacklogParts = {
  readonly clock: Clock
  readonly log: RecordLog
  readonly deliveryStreams: DeliveryStreamStore
  /** What may wait in all delivery streams together, in bytes. */
  readonly backlogBytesMax: number
}

/**
 * How many bytes of what was put wait on the disk, over all delivery streams. Puts are added up, from what the logs say; only
 * when that reaches the bound the logs are asked again, for meanwhile deliveries have let go of some. Never too few: nothing
 * comes to the disk beyond the bound.
 */
export class Backlog {
  readonly #parts: BacklogParts
  /** What waits at most. */
  #bytes = Number.POSITIVE_INFINITY
  /** Of puts that may be in the logs already, or not yet. */
  #inFlightBytes = 0
  #admittedBytes = 0
  #measuredMs = Number.NEGATIVE_INFINITY
  #measuring: Promise<void> | undefined

  constructor(parts: BacklogParts) {
    this.#parts = parts
  }

  /** Takes the room that a put needs; what it says of `settle` comes when the put is over. False if there is none. */
  async admit(recordCount: number, dataBytes: number): Promise<boolean> {
    const bytes = dataBytes + recordCount * recordOverheadBytes
    if (!this.#hasRoom(bytes) && this.#parts.clock.monotonicMs() - this.#measuredMs >= measureMs) {
      this.#measuring ??= this.#measure().finally(() => {
        this.#measuring = undefined
      })
      await this.#measuring
    }
    if (!this.#hasRoom(bytes)) return false
    this.#bytes += bytes
    this.#inFlightBytes += bytes
    this.#admittedBytes += bytes
    return true
  }

  /** A put that was admitted is over, whatever became of it. */
  settle(recordCount: number, dataBytes: number): void {
    this.#inFlightBytes -= dataBytes + recordCount * recordOverheadBytes
  }

  #hasRoom = (bytes: number) => this.#bytes + bytes <= this.#parts.backlogBytesMax

  async #measure(): Promise<void> {
    const { clock, deliveryStreams, log } = this.#parts
    const [inFlightBytes, admittedBytes] = [this.#inFlightBytes, this.#admittedBytes]
    let bytes = 0
    for (const stream of deliveryStreams.all())
      if (stream.source.type === 'DirectPut') bytes += await log.sizeBytes(logIdOf(stream)).catch(noneIfGone)
    // What was on its way may be counted twice: until the next time.
    this.#bytes = bytes + inFlightBytes + (this.#admittedBytes - admittedBytes)
    this.#measuredMs = clock.monotonicMs()
  }
}

/** Not made yet, or deleted meanwhile. */
function noneIfGone(error: unknown): number {
  if (error instanceof LogNotFound) return 0
  throw error
}
