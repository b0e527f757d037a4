import type { KinesisCaller } from './kinesis-caller.ts'
import { evenLanes } from './lane-writer.ts'

/*
 * Puts at a chosen rate for as long as is asked, and the other end: whether each record arrives once and in order. It is
 * not kept what was put, only how far each lane has come, so that ten minutes of it take no memory here.
 *
 * A record's data: lane:3 digits  number in its lane:9 digits  filling
 */

export const recordBytes = 200
export const recordsInPut = 100
const headBytes = 12 // a multiple of three: in base64 it is a text of its own
const filling = Buffer.alloc(recordBytes - headBytes, 'filling ').toString('base64')

const dataOf = (lane: number, number: number): string =>
  Buffer.from(String(lane).padStart(3, '0') + String(number).padStart(9, '0')).toString('base64') + filling

/** Each lane has one writer, which waits for its answer before it puts again. */
export class PacedWriters {
  readonly putMs: number[] = []
  acknowledgedRecords = 0
  readonly #caller: KinesisCaller
  readonly #streamName: string
  readonly #lanes: ReturnType<typeof evenLanes>
  readonly #next: number[]

  constructor(caller: KinesisCaller, streamName: string, laneCount: number) {
    this.#caller = caller
    this.#streamName = streamName
    this.#lanes = evenLanes(laneCount)
    this.#next = new Array<number>(laneCount).fill(0)
  }

  /** Puts until `isOver`, `putsPerSecond` in all: who is late does not make up for it by a burst. @throws when one fails */
  async run(putsPerSecond: number, isOver: () => boolean): Promise<void> {
    const intervalMs = (1000 * this.#lanes.length) / putsPerSecond
    await Promise.all(
      this.#lanes.map(async (_, lane) => {
        let dueMs = performance.now() + (intervalMs * lane) / this.#lanes.length
        while (!isOver()) {
          const waitMs = dueMs - performance.now()
          if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
          dueMs = Math.max(dueMs + intervalMs, performance.now())
          await this.#put(lane)
        }
      }),
    )
  }

  /** How many puts succeed each second when nobody paces them. */
  async ratePerSecond(forMs: number): Promise<number> {
    const startMs = performance.now()
    const before = this.acknowledgedRecords
    await this.run(Number.POSITIVE_INFINITY, () => performance.now() - startMs > forMs)
    return (this.acknowledgedRecords - before) / recordsInPut / ((performance.now() - startMs) / 1000)
  }

  async #put(lane: number): Promise<void> {
    const { name, hashKey } = this.#lanes[lane]!
    const first = this.#next[lane]!
    const Records = Array.from({ length: recordsInPut }, (_, i) => ({
      PartitionKey: name,
      ExplicitHashKey: String(hashKey),
      Data: dataOf(lane, first + i),
    }))
    const sentMs = performance.now()
    const { FailedRecordCount } = await this.#caller.call<{ FailedRecordCount: number }>('PutRecords', {
      StreamName: this.#streamName,
      Records,
    })
    if (FailedRecordCount > 0) throw new Error(`${FailedRecordCount} records of a put were refused`)
    this.putMs.push(performance.now() - sentMs)
    this.#next[lane] = first + recordsInPut
    this.acknowledgedRecords += recordsInPut
  }
}

/** What one reader of all its lanes has seen: each record must be the next one of its lane. */
export class Arrivals {
  records = 0
  readonly faults: string[] = []
  readonly #next = new Map<number, number>()

  take(data: string): void {
    const head = Buffer.from(data.slice(0, (headBytes / 3) * 4), 'base64').toString('latin1')
    const lane = Number(head.slice(0, 3))
    const number = Number(head.slice(3))
    const expected = this.#next.get(lane) ?? 0
    if (number !== expected && this.faults.length < 10)
      this.faults.push(
        `lane ${lane}: ${number} came where ${expected} should (${number < expected ? 'twice' : 'lost'})`,
      )
    this.#next.set(lane, number + 1)
    this.records++
  }
}
