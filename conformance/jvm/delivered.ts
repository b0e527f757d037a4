import type { ProgramEvent } from './running-program.ts'

/** What one `records` event of a worker holds: sequence number, sub-sequence number, partition key, data. */
type Row = readonly [sequenceNumber: string, subSequenceNumber: number, partitionKey: string, data: string]

/** The records that workers were given, counted. */
export class Delivered {
  /** How often each record's data came. */
  readonly times = new Map<string, number>()
  /** By partition key: the data, in the order in which it came. */
  readonly byKey = new Map<string, string[]>()
  readonly shards = new Set<string>()
  /** Above 0 when records came in aggregates. */
  subSequenceNumberMost = 0

  constructor(...workers: readonly { readonly events: readonly ProgramEvent[] }[]) {
    for (const { events } of workers)
      for (const { event, shard, records } of events) {
        if (event !== 'records') continue
        this.shards.add(shard as string)
        for (const [, subSequenceNumber, key, data] of records as readonly Row[]) {
          this.subSequenceNumberMost = Math.max(this.subSequenceNumberMost, subSequenceNumber)
          this.times.set(data, (this.times.get(data) ?? 0) + 1)
          this.byKey.set(key, [...(this.byKey.get(key) ?? []), data])
        }
      }
  }

  /** Of what was put, what never came. */
  missing(put: readonly string[]): string[] {
    return put.filter((data) => !this.times.has(data))
  }

  /** What came more than once. */
  repeated(): string[] {
    return [...this.times].flatMap(([data, times]) => (times > 1 ? [data] : []))
  }

  /** What came and was never put. */
  invented(put: readonly string[]): string[] {
    const known = new Set(put)
    return [...this.times.keys()].filter((data) => !known.has(data))
  }

  /** Partition keys whose records, first arrivals only, did not come in the order in which they were put. */
  outOfOrder(put: readonly string[]): string[] {
    const place = new Map(put.map((data, i) => [data, i]))
    return [...this.byKey].flatMap(([key, all]) => {
      const places = [...new Set(all)].map((data) => place.get(data)!)
      return places.every((one, i) => i === 0 || one > places[i - 1]!) ? [] : [key]
    })
  }
}
