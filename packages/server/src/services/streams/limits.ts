/**
 * The numbers that AWS's service quotas set, all in one place. `--limits aws` uses these, `off` lifts those that
 * concern throughput and call rates, a file replaces the ones that it names.
 */
export type StreamsLimits = {
  /** Bytes of keys and data that a shard takes each second. */
  readonly shardBytesInPerSecond: number
  readonly shardRecordsInPerSecond: number
  /** Bytes that GetRecords gives from a shard each second, to all its readers together. */
  readonly shardBytesOutPerSecond: number
  readonly shardReadsPerSecond: number
  /** Bytes that each registered consumer gets from a shard each second. */
  readonly consumerBytesOutPerSecond: number
  /** Bytes an on-demand stream takes each second when it is new. */
  readonly onDemandBytesInPerSecond: number
  /** Calls each second for control-plane operations, by the rate that each operation declares; false lifts them. */
  readonly operationRates: boolean
  /** Open shards in the account. */
  readonly shardCountMax: number
  readonly onDemandStreamCountMax: number
  /** Registered consumers of a stream. */
  readonly consumerCountMax: number
  /** Least time that records of a channel may wait for company. */
  readonly channelFreshnessSecondsMin: number
  /** UpdateShardCount calls on a stream in 24 hours. */
  readonly shardCountUpdatesPerDay: number
  /** UpdateStreamMode calls on a stream in 24 hours. */
  readonly modeUpdatesPerDay: number
  /** StartStreamEncryption and StopStreamEncryption calls on a stream in 24 hours. */
  readonly encryptionUpdatesPerDay: number
}

export const awsLimits: StreamsLimits = {
  shardBytesInPerSecond: 1024 * 1024,
  shardRecordsInPerSecond: 1000,
  shardBytesOutPerSecond: 2 * 1024 * 1024,
  shardReadsPerSecond: 5,
  consumerBytesOutPerSecond: 2 * 1024 * 1024,
  onDemandBytesInPerSecond: 4 * 1024 * 1024,
  operationRates: true,
  shardCountMax: 20_000,
  onDemandStreamCountMax: 50,
  consumerCountMax: 20,
  channelFreshnessSecondsMin: 300,
  shardCountUpdatesPerDay: 10,
  modeUpdatesPerDay: 2,
  encryptionUpdatesPerDay: 25,
}

export const liftedLimits: StreamsLimits = {
  ...awsLimits,
  shardBytesInPerSecond: Number.POSITIVE_INFINITY,
  shardRecordsInPerSecond: Number.POSITIVE_INFINITY,
  shardBytesOutPerSecond: Number.POSITIVE_INFINITY,
  shardReadsPerSecond: Number.POSITIVE_INFINITY,
  consumerBytesOutPerSecond: Number.POSITIVE_INFINITY,
  onDemandBytesInPerSecond: Number.POSITIVE_INFINITY,
  operationRates: false,
  channelFreshnessSecondsMin: 1,
  shardCountUpdatesPerDay: Number.POSITIVE_INFINITY,
  modeUpdatesPerDay: Number.POSITIVE_INFINITY,
  encryptionUpdatesPerDay: Number.POSITIVE_INFINITY,
}

/** AWS's limits, none, or AWS's with some replaced. @throws Error with one line that names the field */
export function limitsOf(chosen: 'aws' | 'off' | Readonly<Record<string, unknown>>): StreamsLimits {
  if (chosen === 'aws') return awsLimits
  if (chosen === 'off') return liftedLimits
  for (const [name, value] of Object.entries(chosen)) {
    const standard: unknown = awsLimits[name as keyof StreamsLimits]
    if (standard === undefined)
      throw new Error(`limits: there is no limit "${name}"; there are ${Object.keys(awsLimits).join(', ')}`)
    if (typeof value !== typeof standard || (typeof value === 'number' && !(value > 0)))
      throw new Error(`limits: ${name} must be ${typeof standard === 'number' ? 'a number above 0' : 'true or false'}`)
  }
  return { ...awsLimits, ...chosen }
}
