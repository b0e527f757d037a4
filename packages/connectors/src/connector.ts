import type { RecordProcessorFactory } from '@millrace/consumer'
import { type ConnectorOptions, settingsOf } from './connector-options.ts'
import { ShardPipeline } from './shard-pipeline.ts'

/**
 * A pipeline from a stream to a destination, as the Kinesis Connector Library has it, for a `Consumer`:
 *
 *   new Consumer(clients, options, connector.processorFactory)
 */
export class Connector<Model, Out> {
  /** Makes a pipeline for each shard: each has a buffer, and checkpoints, of its own. */
  readonly processorFactory: RecordProcessorFactory

  /** @throws RangeError for options that make no sense */
  constructor(options: ConnectorOptions<Model, Out>) {
    const settings = settingsOf(options)
    this.processorFactory = ({ shardId }) => new ShardPipeline(shardId, settings)
  }
}
