export { AggregateBuilder } from './aggregate-builder.ts'
export { type BulkError, type BulkResult, type BulkTarget, bulkAction, bulkResults } from './bulk-documents.ts'
export { decodeEventFrames, type EventFrame, encodeEventFrame } from './event-stream.ts'
export { hashKeyMax, hashKeyOf, hashKeyOfBytes, hashKeyStart } from './hash-key.ts'
export {
  deaggregateRecords,
  type HashKeyRange,
  isAggregate,
  type KinesisRecord,
  type UserRecord,
} from './user-records.ts'
