/**
 * A place in a shard: a Kinesis record, and within it the user record of an aggregate. `sequenceNumber` may also be one of
 * the words that KCL writes into its table instead of a number.
 */
export type Checkpoint = { readonly sequenceNumber: string; readonly subSequenceNumber: number }

export const trimHorizon: Checkpoint = { sequenceNumber: 'TRIM_HORIZON', subSequenceNumber: 0 }
export const latest: Checkpoint = { sequenceNumber: 'LATEST', subSequenceNumber: 0 }
export const atTimestamp: Checkpoint = { sequenceNumber: 'AT_TIMESTAMP', subSequenceNumber: 0 }
/** The shard was read to its end, and all of it was processed. Nothing comes after it. */
export const shardEnd: Checkpoint = { sequenceNumber: 'SHARD_END', subSequenceNumber: 0 }

export const isShardEnd = (checkpoint: Checkpoint): boolean => checkpoint.sequenceNumber === shardEnd.sequenceNumber

/** Is it a record's place, not one of the words? */
export const isSequenceNumber = (text: string): boolean => /^(0|[1-9]\d{0,127})$/.test(text)

/** Below 0 when `a` lies before `b` in the shard. The starting words come before all records, SHARD_END after them. */
export function compareCheckpoints(a: Checkpoint, b: Checkpoint): number {
  return compareSequenceNumbers(a.sequenceNumber, b.sequenceNumber) || a.subSequenceNumber - b.subSequenceNumber
}

/** Decimal numbers of up to 56 digits without leading zeros: the longer is the larger, and no bigint is needed. */
function compareSequenceNumbers(a: string, b: string): number {
  if (a === b) return 0
  const rank = rankOf(a) - rankOf(b)
  if (rank !== 0) return rank
  return a.length - b.length || (a < b ? -1 : 1)
}

function rankOf(sequenceNumber: string): number {
  if (sequenceNumber === shardEnd.sequenceNumber) return 2
  return isSequenceNumber(sequenceNumber) ? 1 : 0
}

/** As text for logs and errors. */
export const describeCheckpoint = ({ sequenceNumber, subSequenceNumber }: Checkpoint): string =>
  subSequenceNumber === 0 ? sequenceNumber : `${sequenceNumber}:${subSequenceNumber}`
