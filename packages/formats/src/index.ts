export { AggregateBuilder } from './aggregate-builder.ts'
export { decodeEventFrames, type EventFrame, encodeEventFrame } from './event-stream.ts'
export { hashKeyMax, hashKeyOf, hashKeyOfBytes, hashKeyStart } from './hash-key.ts'
export {
  deaggregateRecords,
  type HashKeyRange,
  isAggregate,
  type KinesisRecord,
  type UserRecord,
} from './user-records.ts'
