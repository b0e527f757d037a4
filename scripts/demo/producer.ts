import { setTimeout as sleep } from 'node:timers/promises'
import { type KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis'
import type { Flight } from './flights.ts'
import { type Event, nowMs } from './ledger.ts'

/** The events of one partition key: sent in order, so the next ones wait until those before are accepted. */
type KeyQueue = {
  readonly key: string
  readonly numbers: number[]
  accepted: number
  isBusy: boolean
  restUntilMs: number
}

const recordsInCallMax = 500
/** Records of one key in one call: the hottest keys must not fill the calls alone. */
const runMax = 100
const callsInFlight = 4
/** How long a key rests after its shard refused a record. */
const restMs = 250

/**
 * Sends every flight, the origin being the partition key. PutRecords may refuse single records of a call; what was
 * refused is sent again, and before anything later of the same key: order by key survives throttling.
 */
export class Producer {
  readonly throttlesByShard = new Map<string, number>()
  readonly countByKey = new Map<string, number>()
  readonly total: number
  accepted = 0
  acceptedBytes = 0
  calls = 0
  readonly #client: KinesisClient
  readonly #streamName: string
  readonly #flights: readonly Flight[]
  readonly #queues: KeyQueue[]
  #turn = 0

  constructor(client: KinesisClient, streamName: string, flights: readonly Flight[]) {
    this.#client = client
    this.#streamName = streamName
    this.#flights = flights
    this.total = flights.length
    const queues = new Map<string, KeyQueue>()
    for (const [number, { origin }] of flights.entries()) {
      const queue = queues.get(origin) ?? { key: origin, numbers: [], accepted: 0, isBusy: false, restUntilMs: 0 }
      queues.set(origin, queue)
      queue.numbers.push(number)
    }
    this.#queues = [...queues.values()]
    for (const { key, numbers } of this.#queues) this.countByKey.set(key, numbers.length)
  }

  get throttles(): number {
    return [...this.throttlesByShard.values()].reduce((sum, count) => sum + count, 0)
  }

  /** Events of each key that still have to be sent. */
  backlog(): Map<string, number> {
    return new Map(this.#queues.map(({ key, numbers, accepted }) => [key, numbers.length - accepted]))
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(Array.from({ length: callsInFlight }, () => this.#send(signal)))
  }

  async #send(signal: AbortSignal): Promise<void> {
    while (this.accepted < this.total && !signal.aborted) {
      const taken = this.#nextRuns()
      if (taken.length === 0) await sleep(5)
      else await this.#call(taken, signal)
    }
  }

  /** The next events of keys that are neither in flight nor at rest: as many as a call holds. */
  #nextRuns(): { queue: KeyQueue; numbers: number[] }[] {
    const runs: { queue: KeyQueue; numbers: number[] }[] = []
    const timeMs = nowMs()
    let room = recordsInCallMax
    for (let seen = 0; seen < this.#queues.length && room > 0; seen++) {
      const queue = this.#queues[this.#turn++ % this.#queues.length]!
      if (queue.isBusy || queue.restUntilMs > timeMs || queue.accepted === queue.numbers.length) continue
      const numbers = queue.numbers.slice(queue.accepted, queue.accepted + Math.min(runMax, room))
      queue.isBusy = true
      room -= numbers.length
      runs.push({ queue, numbers })
    }
    return runs
  }

  async #call(runs: { queue: KeyQueue; numbers: number[] }[], signal: AbortSignal): Promise<void> {
    const sentAtMs = nowMs()
    const records = runs.flatMap(({ queue, numbers }) =>
      numbers.map((number) => {
        const event: Event = { number, sentAtMs, ...this.#flights[number]! }
        return { PartitionKey: queue.key, Data: Buffer.from(JSON.stringify(event)) }
      }),
    )
    const command = new PutRecordsCommand({ StreamName: this.#streamName, Records: records })
    const { Records: answers = [] } = await this.#client.send(command, { abortSignal: signal })
    this.calls++
    let at = 0
    for (const { queue, numbers } of runs) {
      const fates = answers.slice(at, at + numbers.length)
      const refused = fates.find(({ ErrorCode }) => ErrorCode !== undefined)
      if (refused) queue.restUntilMs = nowMs() + restMs
      const left: number[] = []
      for (const [i, { ErrorCode, ErrorMessage }] of fates.entries()) {
        if (ErrorCode === undefined) {
          this.accepted++
          this.acceptedBytes += records[at + i]!.Data.byteLength + queue.key.length
        } else {
          left.push(numbers[i]!)
          this.#countRefusal(ErrorMessage ?? '')
        }
      }
      queue.accepted += numbers.length - left.length
      for (const [i, number] of left.entries()) queue.numbers[queue.accepted + i] = number
      queue.isBusy = false
      at += numbers.length
    }
  }

  #countRefusal(message: string): void {
    const shardId = /shardId-\d+/.exec(message)?.[0] ?? 'unknown'
    this.throttlesByShard.set(shardId, (this.throttlesByShard.get(shardId) ?? 0) + 1)
  }
}
