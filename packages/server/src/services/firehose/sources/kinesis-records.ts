import { deaggregateRecords, type UserRecord } from '@millrace/formats'
import type { StreamPage, StreamRecord } from '../../../core/ports/streams.ts'
import type { SourceRecord } from '../delivery/delivery-record.ts'
import type { SourcePage } from './source.ts'

/** A page for a delivery: aggregates may hold a hundred thousand records that are nearly nothing. */
const pageRecordsMax = 10_000

/** How AWS writes the numbers of a record id: so that the ids of a shard rise as texts, too. */
const sequenceNumberDigits = 128
const subSequenceNumberDigits = 12

type Place = { readonly lane: string; readonly before: string; readonly next: string }

/** What was read of a shard at once, as one page or several: only with the last one the lane goes on. */
export function* sourcePagesOf(
  page: StreamPage,
  shardId: string,
  { lane, before, next }: Place,
): Generator<SourcePage> {
  const records = sourceRecordsOf(shardId, page.records)
  for (let first = 0; first === 0 || first < records.length; first += pageRecordsMax) {
    const isLast = first + pageRecordsMax >= records.length
    const part = records.slice(first, first + pageRecordsMax)
    const end = isLast && part.length > 0 ? part.at(-1)!.position + 1 : 0
    yield { lane, next: isLast ? next : before, end, records: part, isEnd: isLast && page.isAtEnd }
  }
}

/**
 * The user records of a page of a shard, in order: aggregates of the KPL are taken apart, and a corrupt one is a record like
 * any other. All that came in an aggregate is delivered, also what KCL would leave out because its hash key lies outside of
 * the shard: it may come twice, but it does not get lost.
 */
function sourceRecordsOf(shardId: string, records: readonly StreamRecord[]): SourceRecord[] {
  const userRecords = deaggregateRecords(
    records.map(({ data, partitionKey, sequenceNumber }) => ({
      Data: data,
      PartitionKey: partitionKey,
      SequenceNumber: sequenceNumber,
    })),
  )
  let at = 0
  let of = 1
  return userRecords.map(({ aggregated, data, partitionKey, sequenceNumber, subSequenceNumber }, i) => {
    while (records[at]!.sequenceNumber !== sequenceNumber) at++
    if (aggregated && subSequenceNumber === 0) of = countFrom(userRecords, i)
    return {
      position: records[at]!.offset,
      recordId: kinesisRecordId(shardId, sequenceNumber, subSequenceNumber),
      arrivalMs: records[at]!.arrivedAtMs,
      data,
      origin: { shardId, sequenceNumber, subSequenceNumber, partitionKey },
      ...(aggregated && of > 1 && { among: { index: subSequenceNumber, of } }),
    }
  })
}

/** How many records there are of the aggregate that begins at `first`. */
function countFrom(records: readonly UserRecord[], first: number): number {
  let end = first + 1
  while (records[end]?.sequenceNumber === records[first]!.sequenceNumber) end++
  return end - first
}

/** As AWS gives it to functions [observed in published events]: the shard's id, and both numbers with zeros before them. */
const kinesisRecordId = (shardId: string, sequenceNumber: string, subSequenceNumber: number) =>
  shardId +
  sequenceNumber.padStart(sequenceNumberDigits, '0') +
  `${subSequenceNumber}`.padStart(subSequenceNumberDigits, '0')
