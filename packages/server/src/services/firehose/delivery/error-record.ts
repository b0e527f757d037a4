import type { FailedRecord } from './delivery-record.ts'

/** A line of an error object, as AWS writes it: JSON, with the record as it was accepted in base64 [docs]. */
export function errorLine({ record, ...failed }: FailedRecord): Buffer {
  const raw = record.rawData ?? record.data
  const line = {
    attemptsMade: failed.attemptsMade,
    arrivalTimestamp: record.arrivalMs,
    errorCode: failed.errorCode,
    errorMessage: failed.errorMessage,
    attemptEndingTimestamp: failed.attemptEndingMs,
    rawData: Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('base64'),
    ...failed.details,
  }
  return Buffer.from(`${JSON.stringify(line)}\n`)
}
