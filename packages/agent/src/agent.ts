import { setMaxListeners } from 'node:events'
import type { Clock, Logger, MetricRecorder, Random } from '@millrace/ports'
import type { AgentConfig } from './config/agent-config.ts'
import { type Flow, recordBytesMaxOf } from './config/flow-config.ts'
import { type Counts, noCounts } from './counts.ts'
import type { FileSystem } from './files/file-system.ts'
import { FlowTracker } from './files/flow-tracker.ts'
import { recordMaker } from './files/record-maker.ts'
import { converterOf } from './processing/converter.ts'
import type { Ec2Metadata } from './processing/ec2-metadata.ts'
import { BatchDelivery } from './sending/batch-delivery.ts'
import { BatchSender } from './sending/batch-sender.ts'
import { partitionKeys } from './sending/partition-key.ts'
import { Permits } from './sending/permits.ts'
import { ReadBudget } from './sending/read-budget.ts'
import type { Sink } from './sending/sink.ts'
import type { CheckpointStore } from './state/checkpoint-store.ts'

export type AgentContext = {
  readonly config: AgentConfig
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly metrics: MetricRecorder
  readonly fileSystem: FileSystem
  readonly store: CheckpointStore
  readonly ec2: Ec2Metadata
  /** What takes a flow's records. */
  readonly sinkOf: (flow: Flow) => Sink
}

/** What an operator wants to know at one moment. */
export type AgentStatus = Counts & {
  readonly files: number
  /** Records that are read and not acknowledged. */
  readonly pending: number
  /** Bytes in the files that are not delivered. */
  readonly behindBytes: number
}

/** So long at most until the next look at what is due. */
const tickMsMax = 1000

/** Follows the files of all flows and sends what is written to them, until it is stopped. */
export class Agent {
  readonly #context: AgentContext
  readonly #trackers: FlowTracker[]
  readonly #counts = noCounts()
  readonly #budget = new ReadBudget()
  readonly #giveUp = new AbortController()
  #running: Promise<void> | undefined
  #isStopped = false
  #wake: AbortController | undefined

  constructor(context: AgentContext) {
    this.#context = context
    setMaxListeners(0, this.#giveUp.signal)
    const permits = new Permits(context.config.sendsMax)
    this.#trackers = context.config.flows.map((flow) => this.#trackerOf(flow, permits))
  }

  get status(): AgentStatus {
    const tails = this.#trackers.flatMap((tracker) => [...tracker.tails])
    let pending = 0
    let behindBytes = 0
    for (const tail of tails) {
      pending += tail.pendingRecords
      behindBytes += tail.behindBytes
    }
    return { ...this.#counts, files: tails.length, pending, behindBytes }
  }

  /** Begins. Resolves when every flow has looked for its files. */
  async start(): Promise<void> {
    await Promise.all(this.#trackers.map((tracker) => tracker.scan()))
    this.#running = this.#run()
  }

  /**
   * Reads no more, and sends what was read, for as long as `shutdownTimeoutMillis` allows. What is not acknowledged by
   * then is read again by the next start.
   */
  async stop(): Promise<void> {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#wakeUp()
    this.#budget.stop()
    const cancel = this.#context.clock.after(this.#context.config.shutdownTimeoutMs, () => this.#giveUp.abort())
    await this.#running
    await Promise.all(this.#trackers.map((tracker) => tracker.stop()))
    cancel()
  }

  async #run(): Promise<void> {
    const { clock } = this.#context
    while (!this.#isStopped) {
      const nowMs = clock.monotonicMs()
      let nextMs = nowMs + tickMsMax
      for (const tracker of this.#trackers) nextMs = Math.min(nextMs, tracker.tick(nowMs, this.#budget.isFull))
      this.#wake = new AbortController()
      await clock.sleep(Math.max(tickMsMin, nextMs - nowMs), this.#wake.signal)
    }
  }

  #wakeUp(): void {
    this.#wake?.abort()
  }

  #trackerOf(flow: Flow, permits: Permits): FlowTracker {
    const { clock, random, logger, metrics, fileSystem, store, ec2, sinkOf } = this.#context
    const counts = this.#counts
    const sender = new BatchSender(sinkOf(flow), flow.retry, { clock, random, logger, metrics, permits, counts })
    const delivery = new BatchDelivery({
      sender,
      budget: this.#budget,
      keyOf: flow.destination.kind === 'stream' ? partitionKeys(flow.destination.partitionKey, random) : undefined,
      batchesMax: flow.batchesMax,
      signal: this.#giveUp.signal,
    })
    const records = recordMaker(flow, converterOf(flow.processing, ec2), counts, logger)
    const recordBytesMax = recordBytesMaxOf(flow)
    return new FlowTracker({ flow, recordBytesMax, fileSystem, clock, logger, counts, store, delivery, records }, () =>
      this.#wakeUp(),
    )
  }
}

/** Between two ticks. */
const tickMsMin = 5
