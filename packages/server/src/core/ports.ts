import type { AwsError } from './aws-error.ts'

/*
 * What a room may ask of the world without knowing who answers. `main.ts` fills them.
 */

export type MetricUnit = 'Count' | 'Bytes' | 'Milliseconds' | 'Percent' | 'None'

/** CloudWatch's dimensions, e.g. `{ StreamName: 's', ShardId: 'shardId-000000000000' }`. */
export type Dimensions = Readonly<Record<string, string>>

/** Where services count what AWS publishes in CloudWatch, by AWS's names (namespace `AWS/Kinesis`). */
export interface MetricSink {
  /** Adds one observation. Cheap: called for each request, never for each record. */
  record(metric: string, dimensions: Dimensions, value: number, unit: MetricUnit): void
  /** Forgets a resource that is gone: each series whose dimensions contain all of these. */
  forget(dimensions: Dimensions): void
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** One line for each event, as JSON: the sentence, and facts beside it. */
export interface Logger {
  log(level: LogLevel, message: string, facts?: Readonly<Record<string, unknown>>): void
}

export const silentLogger: Logger = { log() {} }

/** Chance comes in by the door: ids, keys, initialization vectors, faults. */
export interface Random {
  bytes(length: number): Uint8Array
  /** A UUID, version 4. */
  uuid(): string
}

/** Single records that shall fail on purpose (see the gateway's faults). */
export interface RecordFaults {
  /** The error for the next record of this operation, or undefined if it may go on. */
  nextRecord(operation: string): AwsError | undefined
}
