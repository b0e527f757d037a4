/** A channel of a stream, as whoever delivers it needs to know it. */
export type StreamChannel = {
  readonly id: string
  readonly name: string
  readonly arn: string
  readonly status: string
  /** Rises with each change of the settings. */
  readonly version: number
  readonly streamArn: string
  readonly streamName: string
  /** How long records wait in the stream. */
  readonly retentionMs: number
  /** Since when it is delivered: records that came before are not. Undefined: not yet, or not any more. */
  readonly startMs: number | undefined
  readonly recordFormat: 'JSON' | 'STRING' | 'BYTE_ARRAY'
  /** How long a record may wait for company. */
  readonly freshnessMs: number
  readonly bucketArn: string
  readonly compression: 'NONE' | 'GZIP' | 'ZSTD'
  readonly storageClass: string
  readonly kmsKeyId: string | undefined
  /** The key of an object whose oldest record came at that time; `unique` makes it another one than all others. */
  objectKey(oldestMs: number, unique: string): string
  /** Where records go that are not what the channel says. */
  readonly deadLetters: { readonly bucketArn: string; readonly prefix: string }
  /** Where its errors are told; undefined where nobody asked. */
  readonly errorLog: { readonly logGroup: string; readonly logStream: string } | undefined
}

/** The channels of all streams, for whoever delivers them. */
export interface StreamChannels {
  all(): readonly StreamChannel[]
  find(id: string): StreamChannel | undefined
  /** Tells after each change of a channel. Returns how to stop. */
  watch(listener: (id: string) => void): () => void
}

/** Who delivers channels, for those who make them. */
export interface ChannelDeliveries {
  /** From now on all channels are delivered. @throws InvalidArgumentException where there is nothing to deliver to */
  begin(): Promise<void>
}
