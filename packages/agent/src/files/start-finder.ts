import type { Clock, Logger } from '@millrace/ports'
import type { Flow } from '../config/flow-config.ts'
import type { Checkpoint } from '../state/checkpoint.ts'
import type { CheckpointStore } from '../state/checkpoint-store.ts'
import type { CopyWatch } from './copy-watch.ts'
import type { OpenFile } from './file-system.ts'
import { type FileTail, fromBeginning, type LostContents, type TailStart } from './file-tail.ts'
import { lastLineEnd } from './last-line.ts'
import { headLengthMax, holds, signatureAt, tailLengthMax } from './signature.ts'

type FinderContext = {
  readonly flow: Flow
  readonly store: CheckpointStore
  readonly clock: Clock
  readonly logger: Logger
}

export type Candidate = { readonly id: string; readonly path: string; readonly sizeBytes: number }

/** Says where reading a file begins: after its checkpoint, at initialPosition, at its beginning, or within a copy. */
export class StartFinder {
  readonly #context: FinderContext
  readonly #copies: CopyWatch
  /** Files that were there when the flow ran for the first time: initialPosition is for these. */
  readonly #initialIds: ReadonlySet<string>

  /** @param ids files that are there now */
  constructor(context: FinderContext, copies: CopyWatch, ids: Iterable<string>) {
    this.#context = context
    this.#copies = copies
    this.#initialIds = new Set(context.store.knowsFlow(context.flow.id) ? [] : ids)
  }

  /** Undefined while it cannot be said. With what was lost, if the file was read before and has other contents by now. */
  async startOf(
    file: OpenFile,
    candidate: Candidate,
    tails: ReadonlyMap<string, FileTail>,
  ): Promise<{ start: TailStart; lost?: LostContents } | undefined> {
    const { store, flow, logger } = this.#context
    const checkpoint = store.find(flow.id, candidate.id)
    if (checkpoint) {
      if (await isFileOf(checkpoint, file, candidate.sizeBytes)) return { start: checkpoint }
      logger.log('info', `${candidate.path} is not what it was; it is read from its beginning`)
      this.#copies.remember(checkpoint)
      return { start: fromBeginning, lost: checkpoint }
    }
    if (!this.#initialIds.has(candidate.id)) {
      const start = await this.#copies.startOf(file, candidate, tails)
      return start && { start }
    }
    return { start: flow.initialPosition === 'START_OF_FILE' ? fromBeginning : await this.#endOf(file, candidate) }
  }

  /** At once a checkpoint: the next start is not to begin at a later end. */
  async #endOf(file: OpenFile, { id, path, sizeBytes }: Candidate): Promise<TailStart> {
    const { store, flow, clock } = this.#context
    const offset = await lastLineEnd(file, sizeBytes)
    const head = await signatureAt(file, 0, Math.min(headLengthMax, sizeBytes))
    const tailLength = Math.min(tailLengthMax, offset)
    const tail = await signatureAt(file, offset - tailLength, tailLength)
    const start = { offset, head, tail, isFinished: false }
    await store.save({ flow: flow.id, id, path, atMs: clock.nowMs(), ...start })
    return start
  }
}

/** Whether a file still begins as it did, and still has before the checkpoint what it had. */
export async function isFileOf(
  { head, tail, offset }: Checkpoint,
  file: OpenFile,
  sizeBytes: number,
): Promise<boolean> {
  return sizeBytes >= offset && (await holds(file, head, head.length)) && (await holds(file, tail, offset))
}
