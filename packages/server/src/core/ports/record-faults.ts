import type { AwsError } from '../aws-error.ts'

/** Single records that shall fail on purpose (see the gateway's faults). */
export interface RecordFaults {
  /** The error for the next record of this operation, or undefined if it may go on. */
  nextRecord(operation: string): AwsError | undefined
}
