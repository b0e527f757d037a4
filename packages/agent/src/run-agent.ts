import { PutMetricDataCommand } from '@aws-sdk/client-cloudwatch'
import {
  type Clock,
  CloudWatchMetrics,
  foregroundClock,
  type Logger,
  noMetrics,
  type Random,
  silentLogger,
  systemRandom,
} from '@millrace/ports'
import { Agent, type AgentStatus } from './agent.ts'
import type { AgentConfig } from './config/agent-config.ts'
import { type FileSystem, nodeFileSystem } from './files/file-system.ts'
import { InstanceMetadata } from './processing/ec2-metadata.ts'
import { type Environment, openClients } from './sending/clients.ts'
import { firehoseSink } from './sending/firehose-sink.ts'
import { kinesisSink } from './sending/kinesis-sink.ts'
import { CheckpointStore } from './state/checkpoint-store.ts'
import { nodeStateFile } from './state/state-file.ts'
import { lockState } from './state/state-lock.ts'

export type RunOptions = {
  readonly config: AgentConfig
  /** The file that keeps the checkpoints. */
  readonly state: string
  /** Where the AWS clients find what the configuration leaves out. @default the process's */
  readonly env?: Environment
  /** @default none */
  readonly logger?: Logger
  /** @default the machine's */
  readonly clock?: Clock
  /** @default the machine's */
  readonly random?: Random
  /** @default the machine's disk */
  readonly fileSystem?: FileSystem
}

export type RunningAgent = {
  readonly status: AgentStatus
  /** Sends what was read, within the configuration's `shutdownTimeoutMillis`, and lets everything go. */
  stop(): Promise<void>
}

/** Starts an agent in this process. @throws when the state is in use or cannot be written */
export async function runAgent(options: RunOptions): Promise<RunningAgent> {
  const { config, state, env = process.env, clock = foregroundClock, random = systemRandom } = options
  const logger = options.logger ?? silentLogger
  const release = lockState(state)
  const clients = openClients(config, env, clock)
  let store: CheckpointStore
  try {
    store = await CheckpointStore.open(
      nodeStateFile(state, () => clock.nowMs()),
      {
        clock,
        logger,
        flows: config.flows.map(({ id }) => id),
        timeToLiveMs: config.checkpointTimeToLiveMs,
      },
    )
  } catch (error) {
    clients.destroy()
    release()
    throw error
  }
  const ec2 = new InstanceMetadata(env.AWS_EC2_METADATA_SERVICE_ENDPOINT, clock, logger)
  const isAsked = config.flows.some(({ processing }) => processing.some(({ name }) => name === 'ADDEC2METADATA'))
  const { emitMetrics, tagInstance, namespace, periodMs } = config.cloudwatch
  if (isAsked || (emitMetrics && tagInstance)) await ec2.refresh()
  const instance = tagInstance ? ec2.current(Number.POSITIVE_INFINITY)?.instanceId : undefined
  const metrics = emitMetrics
    ? new CloudWatchMetrics(
        { putMetricData: (input) => clients.cloudwatch.send(new PutMetricDataCommand(input)) },
        {
          namespace,
          uploadDelayMs: periodMs,
          clock,
          logger,
          ...(instance !== undefined && { dimensions: { Instance: String(instance) } }),
        },
      )
    : undefined
  const agent = new Agent({
    config,
    clock,
    random,
    logger,
    metrics: metrics ?? noMetrics,
    fileSystem: options.fileSystem ?? nodeFileSystem,
    store,
    ec2,
    sinkOf: ({ destination: { kind, name } }) =>
      kind === 'stream' ? kinesisSink(clients.kinesis, name) : firehoseSink(clients.firehose, name),
  })
  await agent.start()
  return {
    get status() {
      return agent.status
    },
    async stop() {
      await agent.stop()
      await store.close()
      // CloudWatch may not be there: the last figures are worth a moment, and no more.
      const given = new AbortController()
      await Promise.race([metrics?.close(), clock.sleep(lastMetricsMs, given.signal)])
      given.abort()
      clients.destroy()
      release()
    },
  }
}

const lastMetricsMs = 2000
