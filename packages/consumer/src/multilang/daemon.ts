import { anySignal, type Clock, type Logger, type MetricRecorder } from '@millrace/ports'
import { Consumer, type ConsumerClients } from '../consumer.ts'
import type { ConsumerOptions } from '../options.ts'
import { ChildProcessor } from './child-processor.ts'
import type { MultilangConfiguration } from './configuration.ts'

export type DaemonParts = {
  readonly clients: ConsumerClients
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: MetricRecorder
  /** Where the children's standard error goes. */
  readonly errorOutput: { write(text: string): void }
}

/** The end may take this much longer than its grace, for children that must be killed. */
const lastWordMs = 3000

/**
 * Works as one worker of the application until `stopping` aborts: each shard that it gets has a child, in which the record
 * processor runs. Gives the exit code: 0 after a clean stop, 1 when a child failed. As KCL's daemon it ends then (the other
 * children may checkpoint first), for its supervisor to start it anew; the failed shard goes on at its last checkpoint.
 *
 * @throws Error when the stream or the lease table cannot be reached at the start
 */
export async function runMultilang(
  configuration: MultilangConfiguration,
  parts: DaemonParts,
  stopping: AbortSignal,
): Promise<number> {
  const { clock, logger, errorOutput } = parts
  const processors = new Set<ChildProcessor>()
  const failed = new AbortController()
  const consumer = new Consumer(parts.clients, consumerOptions(configuration, parts), ({ shardId }) => {
    const processor = new ChildProcessor(shardId, {
      command: configuration.command,
      clock,
      logger,
      errorOutput,
      protocol: configuration.protocol,
      timeoutMs: configuration.timeoutMs,
      shutdownGraceMs: configuration.shutdownGraceMs,
      onFailure(shard, error) {
        logger.log('error', 'a child failed, and the daemon ends', { shardId: shard, error: String(error) })
        failed.abort()
      },
      onEnd: () => processors.delete(processor),
    })
    processors.add(processor)
    return processor
  })

  await consumer.start()
  logger.log('info', 'working', { workerId: consumer.workerId, stream: configuration.streamName })
  await aborted(anySignal([stopping, failed.signal]))
  logger.log('info', 'stopping', { children: processors.size })
  await consumer.stop()
  // Those that did not come to their end in time.
  await Promise.race([
    Promise.all([...processors].map((processor) => processor.end())),
    clock.sleep(configuration.shutdownGraceMs + lastWordMs),
  ])
  return failed.signal.aborted ? 1 : 0
}

function consumerOptions(configuration: MultilangConfiguration, parts: DaemonParts): ConsumerOptions {
  const { initialPosition, retrieval, streamArn, streamName } = configuration
  const { failoverTimeMs, shardSyncIntervalMs, maxLeasesForWorker, maxLeasesToStealAtOneTime } = configuration
  const { maxRecords, idleTimeBetweenReadsMs } = configuration
  return {
    applicationName: configuration.applicationName,
    ...(streamArn === undefined ? { streamName } : { streamArn }),
    ...given('tableName', configuration.tableName),
    ...given('workerId', configuration.workerId),
    initialPosition: initialPosition instanceof Date ? { timestamp: initialPosition } : initialPosition,
    retrieval: retrieval.mode,
    ...(retrieval.mode === 'fan-out' && given('consumerName', retrieval.consumerName)),
    ...(retrieval.mode === 'fan-out' && given('consumerArn', retrieval.consumerArn)),
    ...given('failoverTimeMs', failoverTimeMs),
    ...given('shardSyncIntervalMs', shardSyncIntervalMs),
    ...given('leasesMax', maxLeasesForWorker),
    ...given('leasesToStealMax', maxLeasesToStealAtOneTime),
    ...given('recordsPerReadMax', maxRecords),
    ...given('idleTimeBetweenReadsMs', idleTimeBetweenReadsMs),
    shutdownTimeoutMs: configuration.shutdownGraceMs,
    // What throws is the child's failure, of which the daemon is told.
    onProcessorError: 'stop',
    clock: parts.clock,
    logger: parts.logger,
    metrics: parts.metrics,
  }
}

const given = <K extends string, V>(name: K, value: V | undefined): { [name in K]?: V } =>
  (value === undefined ? {} : { [name]: value }) as { [name in K]?: V }

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
