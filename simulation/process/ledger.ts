import type { StreamContents } from './stream-contents.ts'

/*
 * What was put, what of it was acknowledged, and whether a stream holds just that.
 *
 * Records belong to lanes. A lane is one hash key and one writer that waits for each answer before it puts again, so
 * the records of a lane must be read in the order of their numbers: through a shard, and on through its children.
 */

export type Lane = { readonly name: string; readonly hashKey: bigint }

export type Put = {
  readonly lane: Lane
  /** From 0 in each lane. */
  readonly number: number
  readonly sizeBytes: number
  place?: Place
}

export type Place = { readonly ShardId: string; readonly SequenceNumber: string }

/** Each is a number of records, and each but the first three must be 0. */
export type Audit = {
  readonly acknowledged: number
  readonly found: number
  /** Sent, never answered with success, and there all the same: allowed. */
  readonly foundUnacknowledged: number
  readonly lost: number
  readonly twice: number
  readonly outOfOrder: number
  /** Read in another shard or under another sequence number than the put was told. */
  readonly elsewhere: number
  /** Never put, or with other bytes. */
  readonly strange: number
}

export class Ledger {
  readonly #puts = new Map<string, Put>()
  readonly #next = new Map<string, number>()

  /** Makes the next record of a lane. Whether it is there is unknown until it is acknowledged. */
  put(lane: Lane, sizeBytes: number): Put {
    const number = this.#next.get(lane.name) ?? 0
    this.#next.set(lane.name, number + 1)
    const put: Put = { lane, number, sizeBytes }
    this.#puts.set(idOf(put), put)
    return put
  }

  acknowledge(put: Put, place: Place): void {
    put.place = place
  }

  copy(): Ledger {
    const copy = new Ledger()
    for (const [id, put] of this.#puts) copy.#puts.set(id, { ...put })
    for (const [lane, number] of this.#next) copy.#next.set(lane, number)
    return copy
  }

  get acknowledged(): number {
    let count = 0
    for (const { place } of this.#puts.values()) if (place) count++
    return count
  }

  /** Compares with all that can be read. What arrived before `expiredBeforeMs` (by the stream's clock) may be gone. */
  audit({ shards }: StreamContents, expiredBeforeMs = 0): Audit {
    const seen = new Set<string>()
    const counts = { foundUnacknowledged: 0, lost: 0, twice: 0, outOfOrder: 0, elsewhere: 0, strange: 0 }
    let found = 0
    const lastOfLane = new Map<string, number>()
    // A shard's index is above its parents': by index, what a lane wrote first comes first.
    for (const shard of [...shards].sort((a, b) => (a.shardId < b.shardId ? -1 : 1))) {
      let last = -1n
      for (const record of shard.records) {
        found++
        const sequenceNumber = BigInt(record.SequenceNumber)
        const put = this.#puts.get(idIn(record.Data))
        const isRising = sequenceNumber > last
        last = sequenceNumber
        if (!put || record.Data !== dataOf(put)) {
          counts.strange++
          continue
        }
        const id = idOf(put)
        if (seen.has(id)) counts.twice++
        else if (!isRising || put.number <= (lastOfLane.get(put.lane.name) ?? -1)) counts.outOfOrder++
        seen.add(id)
        lastOfLane.set(put.lane.name, put.number)
        if (!put.place) counts.foundUnacknowledged++
        else if (put.place.ShardId !== shard.shardId || put.place.SequenceNumber !== record.SequenceNumber)
          counts.elsewhere++
      }
    }
    let acknowledged = 0
    for (const [id, put] of this.#puts) {
      if (!put.place) continue
      acknowledged++
      if (!seen.has(id) && arrivalMsOf(put.place) >= expiredBeforeMs) counts.lost++
    }
    return { acknowledged, found, ...counts }
  }
}

/** What must not be, as `lost 3, twice 1`; empty when all is well. */
export function faultsOf({ lost, twice, outOfOrder, elsewhere, strange }: Audit): string {
  const faults = { lost, twice, 'out of order': outOfOrder, elsewhere, strange }
  return Object.entries(faults)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')
}

/** Several audits as one. */
export function sumOf(audits: readonly Audit[]): Audit {
  const sum = { ...noAudit }
  for (const audit of audits) for (const key of Object.keys(noAudit) as (keyof Audit)[]) sum[key] += audit[key]
  return sum
}

const noAudit = {
  acknowledged: 0,
  found: 0,
  foundUnacknowledged: 0,
  lost: 0,
  twice: 0,
  outOfOrder: 0,
  elsewhere: 0,
  strange: 0,
}

/** What PutRecords takes. */
export const requestOf = (put: Put) => ({
  PartitionKey: put.lane.name,
  ExplicitHashKey: String(put.lane.hashKey),
  Data: dataOf(put),
})

const idOf = ({ lane, number }: Put) => `${lane.name}/${number}`

/** `lane/number ` and then filling that is another for each record, as base64. */
function dataOf(put: Put): string {
  const id = idOf(put)
  const text = `${id} ${`${id}.`.repeat(Math.ceil(put.sizeBytes / id.length))}`
  return Buffer.from(text.slice(0, Math.max(put.sizeBytes, id.length + 1))).toString('base64')
}

function idIn(data: string): string {
  const text = Buffer.from(data, 'base64').toString()
  return text.slice(0, text.indexOf(' '))
}

/** When a record arrived, to the second: a sequence number of version 2 has it in bits 36 to 71. */
const arrivalMsOf = ({ SequenceNumber }: Place) => Number((BigInt(SequenceNumber) >> 36n) & (2n ** 36n - 1n)) * 1000
