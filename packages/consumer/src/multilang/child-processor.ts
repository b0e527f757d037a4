import type { Clock, Logger } from '@millrace/ports'
import { isShardEnd } from '../checkpoint.ts'
import type { Checkpointer } from '../checkpointer.ts'
import type { InitializationInput, ProcessRecordsInput, RecordProcessor, ShardInput } from '../record-processor.ts'
import { ChildProgram } from './child-program.ts'
import { Conversation, type WriteCheckpoint } from './conversation.ts'
import {
  initializeRequest,
  leaseLostRequest,
  type ProtocolVersion,
  processRecordsRequest,
  type Request,
  readMessage,
  shardEndedRequest,
  shutdownRequestedRequest,
} from './messages.ts'

export type ChildProcessorOptions = {
  /** The program and its arguments. */
  readonly command: readonly string[]
  readonly clock: Clock
  readonly logger: Logger
  /** Where the children's standard error goes. */
  readonly errorOutput: { write(text: string): void }
  readonly protocol: ProtocolVersion
  /** How long a child may be silent within an action, in milliseconds. @default for ever */
  readonly timeoutMs?: number | undefined
  /** How long a child may take to end after its input has, in milliseconds. */
  readonly shutdownGraceMs: number
  /** Told once when a child cannot go on. KCL's daemon ends then, for its supervisor to start it again. */
  readonly onFailure: (shardId: string, error: unknown) => void
  /** Told once when the child is gone, or will not be started any more. */
  readonly onEnd?: () => void
}

/**
 * The record processor of one shard, as a program of its own. It is started when the shard's processing begins and ended
 * with it; what the consumer asks is asked of it, in the MultiLangDaemon protocol.
 *
 *   idle ──initialize──► talking ──leaseLost, shardEnded, shutdownRequested, end()──► over
 *                           └────── a failure of the child ──────► over
 */
export class ChildProcessor implements RecordProcessor {
  readonly #shardId: string
  readonly #options: ChildProcessorOptions
  #state: 'idle' | 'talking' | 'over' = 'idle'
  #child: ChildProgram | undefined
  #conversation: Conversation | undefined

  constructor(shardId: string, options: ChildProcessorOptions) {
    this.#shardId = shardId
    this.#options = options
  }

  /** The child's process id, while there is one. */
  get pid(): number | undefined {
    return this.#state === 'talking' ? this.#child?.pid : undefined
  }

  async initialize({ checkpoint }: InitializationInput): Promise<void> {
    const { command, clock, logger, errorOutput, timeoutMs } = this.#options
    const shardId = this.#shardId
    try {
      this.#child = await ChildProgram.start(command, {
        clock,
        errorOutput,
        isMessage: (line) => readMessage(line) !== undefined,
        onOtherLine: (line) => logger.log('info', 'the child wrote something that is not a message', { shardId, line }),
      })
      this.#conversation = new Conversation(this.#child, { clock, logger, shardId, timeoutMs })
      this.#state = 'talking'
      logger.log('info', 'started a child for a shard', { shardId, pid: this.#child.pid })
      await this.#conversation.ask(initializeRequest(shardId, checkpoint))
    } catch (error) {
      await this.#fail(error)
      throw error
    }
  }

  async processRecords({ records, millisBehindLatest, checkpointer }: ProcessRecordsInput): Promise<void> {
    await this.#ask(processRecordsRequest(records, millisBehindLatest), writerOf(checkpointer))
  }

  async leaseLost(): Promise<void> {
    if (this.#state !== 'talking') return
    await this.#ask(leaseLostRequest(this.#options.protocol))
    await this.end()
  }

  /** A child that has not checkpointed at the end of its shard stays: the consumer asks it again. */
  async shardEnded({ checkpointer }: ShardInput): Promise<void> {
    if (this.#state !== 'talking') return
    await this.#ask(shardEndedRequest(this.#options.protocol), writerOf(checkpointer))
    if (isShardEnd(checkpointer.lastCheckpoint)) await this.end()
  }

  /**
   * The last chance to checkpoint, and then the end, as KCL tells it: the lease is lost. A child that misses it is no
   * failure of the daemon, which gives the shard away anyway.
   */
  async shutdownRequested({ checkpointer }: ShardInput): Promise<void> {
    if (this.#state !== 'talking') return
    try {
      await this.#conversation!.ask(shutdownRequestedRequest, writerOf(checkpointer))
      await this.#conversation!.ask(leaseLostRequest(this.#options.protocol))
    } catch (error) {
      const facts = { shardId: this.#shardId, error: String(error) }
      this.#options.logger.log('warn', 'the child did not take its chance to checkpoint at the end', facts)
    }
    await this.end()
  }

  /** Ends the child, if there is one. Idempotent. */
  async end(): Promise<void> {
    if (this.#state === 'over') return
    this.#state = 'over'
    const how = await this.#child?.close(this.#options.shutdownGraceMs)
    this.#options.onEnd?.()
    if (how) this.#options.logger.log('info', `a shard's child ${how}`, { shardId: this.#shardId })
  }

  async #ask(request: Request, checkpoint?: WriteCheckpoint): Promise<void> {
    if (this.#state !== 'talking') throw new Error(`${request.action} for ${this.#shardId}, which has no child`)
    try {
      await this.#conversation!.ask(request, checkpoint)
    } catch (error) {
      await this.#fail(error)
      throw error
    }
  }

  async #fail(error: unknown): Promise<void> {
    if (this.#state === 'over') return
    this.#options.onFailure(this.#shardId, error)
    await this.end()
  }
}

/** A sequence number without a sub-sequence number means the whole Kinesis record's first, as in KCL. */
function writerOf(checkpointer: Checkpointer): WriteCheckpoint {
  return ({ sequenceNumber, subSequenceNumber }) =>
    sequenceNumber === undefined
      ? checkpointer.checkpoint()
      : checkpointer.checkpoint({ sequenceNumber, subSequenceNumber: subSequenceNumber ?? 0 })
}
