import { randomUUID } from 'node:crypto'
import type { DeliveryRecord } from '../delivery/delivery-record.ts'
import type { DeliveryBatch } from '../destinations/destination.ts'

/** A batch of records with these texts, as a destination gets it. */
export function batchOf(...texts: readonly string[]): DeliveryBatch {
  const page = { lane: 'put', next: '0', left: texts.length, first: 0, end: 0 }
  const records = texts.map((text, index): DeliveryRecord => {
    return { position: 0, recordId: `4900000${index}`, arrivalMs: 1_700_000_000_000, data: Buffer.from(text), page }
  })
  return { id: randomUUID(), version: 1, records, firstArrivalMs: 1_700_000_000_000 }
}
