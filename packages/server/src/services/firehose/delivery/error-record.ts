import type { FailedRecord } from './delivery-record.ts'

/** A line of an error object, as AWS writes it: JSON, with the record as it was accepted in base64 [docs]. */
export function errorLine({ record, ...failed }: FailedRecord): Buffer {
  const raw = record.rawData ?? record.data
  const { errorCode, errorMessage } = failed
  // Of a conversion the two members have names of their own [docs].
  const isConversion = failed.errorOutputType === 'format-conversion-failed'
  const line = {
    attemptsMade: failed.attemptsMade,
    arrivalTimestamp: record.arrivalMs,
    ...(isConversion ? { lastErrorCode: errorCode, lastErrorMessage: errorMessage } : { errorCode, errorMessage }),
    attemptEndingTimestamp: failed.attemptEndingMs,
    rawData: Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('base64'),
    ...failed.details,
  }
  return Buffer.from(`${JSON.stringify(line)}\n`)
}
