/** AWS's quotas of Firehose (its large regions), `--limits off` lifts those of throughput. */
export type FirehoseLimits = {
  /** Of Direct PUT, for each delivery stream. */
  readonly putRecordsPerSecond: number
  readonly putRequestsPerSecond: number
  readonly putBytesPerSecond: number
  readonly deliveryStreamCountMax: number
  /** Calls that begin or end the encryption of a delivery stream, in 24 hours. */
  readonly encryptionUpdatesPerDay: number
  /** Partitions of one delivery stream that wait or are being delivered, where there is dynamic partitioning. */
  readonly activePartitionsMax: number
}

export const awsFirehoseLimits: FirehoseLimits = {
  putRecordsPerSecond: 500_000,
  putRequestsPerSecond: 2000,
  putBytesPerSecond: 5 * 1024 * 1024,
  deliveryStreamCountMax: 5000,
  encryptionUpdatesPerDay: 25,
  activePartitionsMax: 500,
}

export const liftedFirehoseLimits: FirehoseLimits = {
  ...awsFirehoseLimits,
  putRecordsPerSecond: Number.POSITIVE_INFINITY,
  putRequestsPerSecond: Number.POSITIVE_INFINITY,
  putBytesPerSecond: Number.POSITIVE_INFINITY,
  encryptionUpdatesPerDay: Number.POSITIVE_INFINITY,
}

/** A record that was put, in bytes. */
export const recordBytesMax = 1_024_000
export const batchRecordsMax = 500
export const batchBytesMax = 4 * 1024 * 1024
/** What is not delivered by then is gone, as on AWS. */
export const directPutRetentionMs = 24 * 3_600_000
/** What may wait on the disk, unless the operator says something else. */
export const backlogBytesMaxStandard = 16 * 1024 ** 3
export const tagsMax = 50
