/** What takes records: a stream or a delivery stream. */
export interface Sink {
  /** In log lines and as CloudWatch's dimension, e.g. 'KinesisStream:logs'. */
  readonly name: string
  /**
   * Sends records in one call. Resolves with those that the service did not take, in their order, and with why.
   * @throws what the client throws when the call as a whole failed
   */
  put(records: readonly SinkRecord[], signal: AbortSignal): Promise<Refused>
}

/** As the calls of both services have it, so that a record is put into an object once; delivery streams have no key. */
export type SinkRecord = { readonly Data: Uint8Array; readonly PartitionKey: string }

export type Refused = { readonly records: readonly SinkRecord[]; readonly reason: string }

export const noneRefused: Refused = { records: [], reason: '' }
