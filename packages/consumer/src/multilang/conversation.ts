import type { Clock, Logger } from '@millrace/ports'
import type { ChildProgram } from './child-program.ts'
import { exceptionNameOf } from './exception-name.ts'
import { type Action, type CheckpointMessage, checkpointAnswer, type Request, readMessage } from './messages.ts'

/** Why a child is of no more use: it ended, hangs, or does not keep to the protocol. */
class ChildFailure extends Error {
  override readonly name = 'ChildFailure'
}

/** Writes a checkpoint: at a place, or at the last record handed over. Rejects as KCL's checkpointer throws. */
export type WriteCheckpoint = (place: Pick<CheckpointMessage, 'sequenceNumber' | 'subSequenceNumber'>) => Promise<void>

export type ConversationOptions = {
  readonly clock: Clock
  readonly logger: Logger
  readonly shardId: string
  /** How long the child may be silent within an action, in milliseconds. @default for ever, as KCL's daemon */
  readonly timeoutMs?: number | undefined
}

/** A child that is silent for so long within an action is worth a line in the log. */
export const slowAnswerMs = 60_000

/**
 * The daemon's side of the protocol with one child. An action is asked, and then the child has the word: it may ask for
 * checkpoints, each of which is answered, until it says the action's status. Nothing else may be asked before that.
 */
export class Conversation {
  readonly #child: ChildProgram
  readonly #options: ConversationOptions
  #asking: Action | undefined

  constructor(child: ChildProgram, options: ConversationOptions) {
    this.#child = child
    this.#options = options
  }

  /**
   * Asks the child for an action; resolves when it has done it. Without `checkpoint` the child may not checkpoint in it.
   *
   * @throws ChildFailure
   */
  async ask(request: Request, checkpoint?: WriteCheckpoint): Promise<void> {
    const { action } = request
    if (this.#asking) throw new Error(`${action} is asked while the child is at ${this.#asking}`)
    this.#asking = action
    try {
      // A child may answer before it has read everything, so its answer is awaited at the same time.
      const [answer] = await Promise.all([
        this.#statusOf(action, checkpoint),
        this.#child.write(JSON.stringify(request)),
      ])
      if (answer !== action)
        throw new ChildFailure(`the child answered for ${JSON.stringify(answer)} when it was asked for ${action}`)
    } finally {
      this.#asking = undefined
    }
  }

  async #statusOf(action: Action, checkpoint: WriteCheckpoint | undefined): Promise<string> {
    for (;;) {
      const message = readMessage(await this.#nextLine(action))!
      if (message.kind === 'status') return message.responseFor
      const error = await this.#checkpointed(message, action, checkpoint)
      await this.#child.write(JSON.stringify(checkpointAnswer(message, error)))
    }
  }

  /** The name of the exception that the child is told; undefined when the checkpoint is written. */
  async #checkpointed(
    message: CheckpointMessage,
    action: Action,
    checkpoint: WriteCheckpoint | undefined,
  ): Promise<string | undefined> {
    const { logger, shardId } = this.#options
    if (!checkpoint) {
      logger.log('warn', `the child asked for a checkpoint in ${action}, where there is none`, { shardId })
      return 'InvalidStateException'
    }
    try {
      await checkpoint(message)
      return undefined
    } catch (error) {
      const name = exceptionNameOf(error)
      logger.log('warn', 'a checkpoint was not written', { shardId, exception: name, error: String(error) })
      return name
    }
  }

  async #nextLine(action: Action): Promise<string> {
    const { clock, logger, shardId, timeoutMs } = this.#options
    const timeUp = new AbortController()
    const stopTimeout = timeoutMs === undefined ? () => {} : clock.after(timeoutMs, () => timeUp.abort())
    const stopSlow = clock.after(slowAnswerMs, () =>
      logger.log('warn', `the child has not answered ${action} for ${slowAnswerMs / 1000} s`, { shardId }),
    )
    const line = await this.#child.next(timeUp.signal)
    stopTimeout()
    stopSlow()
    if (line !== undefined) return line
    if (timeUp.signal.aborted) throw new ChildFailure(`the child did not answer ${action} within ${timeoutMs} ms`)
    throw new ChildFailure(`the child ${this.#child.ended ?? 'closed its output'} before it answered ${action}`)
  }
}
