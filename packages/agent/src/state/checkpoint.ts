import type { Signature } from '../files/signature.ts'

/** How far a file has been delivered: all that is needed to go on with it after a crash, whatever it is called by then. */
export type Checkpoint = {
  readonly flow: string
  /** Device and inode. */
  readonly id: string
  readonly path: string
  /** Bytes of the file that are delivered, or were never to be. */
  readonly offset: number
  /** Of the beginning of the file, and of the bytes before the offset: an inode may be used again. */
  readonly head: Signature
  readonly tail: Signature
  /** When it was written. */
  readonly atMs: number
  /** The line was met after which nothing of this file is read. */
  readonly isFinished: boolean
}

/** A flow and a file: under what a checkpoint is kept. */
export const checkpointKey = ({ flow, id }: Pick<Checkpoint, 'flow' | 'id'>): string => `${id} ${flow}`
