import type { DeliveryRecord, FailedRecord } from '../../delivery/delivery-record.ts'

/** AWS's sentence for a key that is missing, null or empty. */
export const valuesMissing = 'partitionKeys values must not be null or empty'

/** A record whose partition is not known, as AWS tells it. */
export const extractionFailed = (
  record: DeliveryRecord,
  errorMessage: string,
  attemptEndingMs: number,
): FailedRecord => ({
  record,
  errorOutputType: 'metadata-extraction-failed',
  errorCode: 'DynamicPartitioning.MetadataExtractionFailed',
  errorMessage,
  attemptsMade: 1,
  attemptEndingMs,
})
