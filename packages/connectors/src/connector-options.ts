import { type Clock, foregroundClock, type Logger, silentLogger } from '@millrace/ports'
import type { Emitter, Failure, Transformer } from './pipeline.ts'

export type ConnectorOptions<Model, Out> = {
  /** Makes of each record what is emitted; see `jsonTransformer`, `textTransformer`, `bytesTransformer`. */
  readonly transformer: Transformer<Model, Out>
  /** Leaves models out. @default all are kept */
  readonly filter?: (model: Model) => boolean | Promise<boolean>
  readonly emitter: Emitter<Out>
  /**
   * Gets what will not be delivered, before the checkpoint: write it where somebody will look. When it throws, nothing is
   * lost: there is no checkpoint, and the batch's failures are given to it again. @default logs each as an error
   */
  readonly fail?: (failures: readonly Failure<Out>[]) => Promise<void> | void

  /** A batch is emitted when it has this many entries, ... @default 1000 */
  readonly bufferRecordsMax?: number
  /** ... or bytes of records, ... @default 1048576 */
  readonly bufferBytesMax?: number
  /** ... or when its first record has waited so long, in milliseconds. @default 60000 */
  readonly bufferMs?: number
  /** How often an entry that the destination refused is sent again before it fails. @default 3 */
  readonly retriesMax?: number
  /** How long to wait before that the first time; then twice as long each time, up to 30 s. @default 500 */
  readonly backoffMs?: number
  /**
   * How long a destination that is not there is waited for before the whole batch fails. Meanwhile nothing more of the
   * shard is read, and nothing is lost. @default no end
   */
  readonly outageMs?: number

  readonly clock?: Clock
  readonly logger?: Logger
}

export type Settings<Model, Out> = ReturnType<typeof settingsOf<Model, Out>>

/** The options with their defaults. @throws RangeError that names the option */
export function settingsOf<Model, Out>(options: ConnectorOptions<Model, Out>) {
  const logger = options.logger ?? silentLogger
  return {
    transformer: options.transformer,
    filter: options.filter ?? (() => true),
    emitter: options.emitter,
    fail: options.fail ?? logEach<Out>(logger),
    bufferRecordsMax: atLeast('bufferRecordsMax', options.bufferRecordsMax ?? 1000, 1),
    bufferBytesMax: atLeast('bufferBytesMax', options.bufferBytesMax ?? 1024 * 1024, 1),
    bufferMs: atLeast('bufferMs', options.bufferMs ?? 60_000, 1),
    retriesMax: atLeast('retriesMax', options.retriesMax ?? 3, 0),
    backoffMs: atLeast('backoffMs', options.backoffMs ?? 500, 0),
    outageMs: atLeast('outageMs', options.outageMs ?? Number.POSITIVE_INFINITY, 0),
    clock: options.clock ?? foregroundClock,
    logger,
  }
}

const logEach =
  <Out>(logger: Logger) =>
  (failures: readonly Failure<Out>[]) => {
    for (const { record, error, stage } of failures)
      logger.log('error', 'a record will not be delivered', {
        sequenceNumber: record.sequenceNumber,
        subSequenceNumber: record.subSequenceNumber,
        partitionKey: record.partitionKey,
        stage,
        error: error.message,
      })
  }

function atLeast(name: string, value: number, least: number): number {
  if (!(value >= least)) throw new RangeError(`${name} must be at least ${least}, and is ${value}.`)
  return value
}
