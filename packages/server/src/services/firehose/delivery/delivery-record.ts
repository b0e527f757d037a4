import type { Piece } from './piece.ts'
import type { Page } from './progress.ts'

/** A record as its source gives it. */
export type SourceRecord = {
  /** Its place in its lane: the same each time it is read. Rises by one from record to record. */
  readonly position: number
  /** Which it is of how many that came as one record, and have one position; absent where it came alone. */
  readonly among?: { readonly index: number; readonly of: number } | undefined
  /** Of its delivery stream; the same after a restart and for each try. */
  readonly recordId: string
  /** When it was accepted, in milliseconds since 1970. */
  readonly arrivalMs: number
  readonly data: Uint8Array
  /** The record as it was accepted, for error output and source backup. Absent while it is the same as `data`. */
  readonly rawData?: Uint8Array | undefined
  /** From dynamic partitioning, by the names that prefixes use. */
  readonly partitionKeys?: PartitionKeys | undefined
  /** Where it stood in a Kinesis stream. */
  readonly origin?: KinesisOrigin | undefined
}

export type PartitionKeys = {
  readonly fromQuery: Readonly<Record<string, string>>
  readonly fromLambda: Readonly<Record<string, string>>
}

export type KinesisOrigin = {
  readonly shardId: string
  readonly sequenceNumber: string
  readonly subSequenceNumber: number
  readonly partitionKey: string
}

/** A record on its way to a destination. Transforms make new ones; nobody changes one in place. */
export type DeliveryRecord = SourceRecord & {
  /** The page of its source that it came from: not done before all that became of its records is settled. */
  readonly page: Page
  /** Which part it is, where several came of one. */
  readonly piece?: Piece | undefined
  /** Which of several records that one became, from 1 on; absent for the first. The same each time it comes. */
  readonly part?: number | undefined
}

/** What a transform made of a record: other data, with everything else that is known of it. */
export const derived = (record: DeliveryRecord, data: Uint8Array): DeliveryRecord => ({
  ...record,
  data,
  rawData: record.rawData ?? record.data,
})

/** What `!{firehose:error-output-type}` stands for. */
export type ErrorOutputType =
  | 'processing-failed'
  | 'decompression-failed'
  | 'format-conversion-failed'
  | 'metadata-extraction-failed'
  | 'active-partition-limit-exceeded'
  | 'AmazonOpenSearchService-failed'
  | 'splunk-failed'
  | 'http-endpoint-failed'

/** A record that is given up: it goes to the error output, with the reason. */
export type FailedRecord = {
  readonly record: DeliveryRecord
  readonly errorOutputType: ErrorOutputType
  /** e.g. `Lambda.FunctionError`, `HttpEndpoint.RequestTimeout` */
  readonly errorCode: string
  readonly errorMessage: string
  readonly attemptsMade: number
  readonly attemptEndingMs: number
  /** Members of the error record that only this kind of failure has, e.g. `lambdaArn`, `esDocumentId`. */
  readonly details?: Readonly<Record<string, unknown>> | undefined
}

/** A record that a destination refuses for good; how many tries were made, whoever made them knows. */
export type RefusedRecord = Omit<FailedRecord, 'attemptsMade' | 'attemptEndingMs'>
