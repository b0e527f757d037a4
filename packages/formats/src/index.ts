export { AggregateBuilder, writeDigests } from './aggregate-builder.ts'
export { Base64Lanes } from './base64-lanes.ts'
export { type BulkError, type BulkResult, type BulkTarget, bulkAction, bulkResults } from './bulk-documents.ts'
export { chunksOf } from './chunks.ts'
export { CompressionLane } from './compression-lane.ts'
export { decodeEventFrames, type EventFrame, encodeEventFrame } from './event-stream.ts'
export { GzipPieces } from './gzip-pieces.ts'
export { hashKeyMax, hashKeyOf, hashKeyOfBytes, hashKeyStart, hashKeyStarts } from './hash-key.ts'
export { keyBytes, keyMark } from './key-table.ts'
export {
  isSealed,
  openSealed,
  parseSealed,
  type SealContext,
  type SealedRecord,
  type SealKey,
  type SealScope,
  sealOverheadBytesMax,
  sealRecord,
  wrappedKeyBytesMax,
} from './sealed-record.ts'
export { type BlockCompressor, hadoopSnappy, xerialSnappy } from './snappy-frames.ts'
export {
  deaggregateRecords,
  type HashKeyRange,
  isAggregate,
  type KinesisRecord,
  type UserRecord,
} from './user-records.ts'
export { type ZipEntry, zipped } from './zip-file.ts'
export { throughZlib } from './zlib-stream.ts'
