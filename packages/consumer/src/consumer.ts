import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { KinesisClient } from '@aws-sdk/client-kinesis'
import { DynamoDBLeaseTable } from './dynamodb-lease-table.ts'
import { FanOutReader } from './fan-out-reader.ts'
import { KclFleet } from './kcl-fleet.ts'
import type { LeaseTable } from './lease-table.ts'
import { type ConsumerOptions, type Settings, settingsOf } from './options.ts'
import { PollingReader } from './polling-reader.ts'
import type { RecordProcessorFactory } from './record-processor.ts'
import { RecordStream, type StreamRecord } from './record-stream.ts'
import type { StreamId } from './stream.ts'
import { Worker } from './worker.ts'

/** What a consumer works with: the AWS SDK's own clients, with the caller's endpoint, region and credentials. */
export type ConsumerClients = {
  readonly kinesis: KinesisClient
  /** For the leases. */
  readonly dynamodb: DynamoDBClient
  /** Another place for the leases than DynamoDB. */
  readonly leaseTable?: LeaseTable
}

/**
 * One worker of an application that reads a stream: as KCL's Scheduler, with KCL's lease table.
 *
 * Start it in as many processes as you like; they share the shards. Records come at least once, and within a shard in order.
 */
export class Consumer {
  readonly #settings: Settings
  readonly #worker: Worker
  readonly #records: RecordStream | undefined
  #running: Promise<void> | undefined
  #stopping: Promise<void> | undefined

  /** Without a `processorFactory`, its records come by `records()`. */
  constructor(clients: ConsumerClients, options: ConsumerOptions, processorFactory?: RecordProcessorFactory) {
    const settings = settingsOf(options)
    const { streamArn, streamName, tableName, tableTags: tags } = settings
    const stream: StreamId = streamArn !== undefined ? { StreamARN: streamArn } : { StreamName: streamName }
    const Reader = settings.retrieval === 'fan-out' ? FanOutReader : PollingReader
    this.#settings = settings
    this.#records = processorFactory ? undefined : new RecordStream()
    const table = new DynamoDBLeaseTable(clients.dynamodb, settings.clock, { tableName, tags })
    const looksForFleet = settings.leaseAssignment === 'auto' && !clients.leaseTable
    this.#worker = new Worker({
      kinesis: clients.kinesis,
      stream,
      table: clients.leaseTable ?? table,
      reader: new Reader(clients.kinesis, stream, settings),
      settings,
      processorFactory: processorFactory ?? this.#records!.factory,
      fleet: looksForFleet ? new KclFleet(clients.dynamodb, table, settings) : undefined,
    })
  }

  /** This worker's name in the lease table. */
  get workerId(): string {
    return this.#settings.workerId
  }

  /** The shards that this worker has now. */
  get shardIds(): string[] {
    return this.#worker.shardIds
  }

  /**
   * Waits for a stream that is being made, makes the lease table when there is none, and begins. Rejects when the stream or
   * the table cannot be reached.
   */
  async start(): Promise<void> {
    if (this.#running) throw new Error('A consumer starts once: make a new one.')
    await this.#worker.prepare()
    this.#running = this.#worker.run()
    this.#running.catch(() => {})
  }

  /**
   * The records of all shards that this worker gets, within a shard in order. Starts the consumer; leaving the loop stops it.
   * To ask for the next record says that the one before is done. Throws when the consumer cannot start.
   */
  async *records(): AsyncGenerator<StreamRecord, void, undefined> {
    if (!this.#records) throw new Error('This consumer has a processor factory: its records go to the processors.')
    if (!this.#running) await this.start()
    try {
      yield* this.#records.records()
      await this.finished()
    } finally {
      await this.stop()
    }
  }

  /**
   * Resolves when the consumer has stopped. Rejects with the error of a processor for which `onProcessorError` said 'stop'.
   */
  async finished(): Promise<void> {
    await this.#running
  }

  /**
   * Stops without loss: every processor finishes the records that it has, is asked to checkpoint (shutdownRequested), and
   * its lease is given up, so that others go on at once. Resolves then, at the latest after `shutdownTimeoutMs`.
   */
  async stop(): Promise<void> {
    if (!this.#stopping) {
      this.#stopping = this.#worker.stop()
      // After the worker knows: no processor gets another batch.
      this.#records?.end()
    }
    await this.#stopping
    await this.#running?.catch(() => {})
  }
}
