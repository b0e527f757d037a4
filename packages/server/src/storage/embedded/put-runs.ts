import type { Batch } from '../log.ts'

/** Entries that are put together: run i is those of the batch before `ends[i]`, for `logs[i]`. */
export type PutRuns = {
  readonly batch: Batch
  readonly logs: readonly { readonly number: number; readonly id: string }[]
  readonly ends: Uint32Array
  readonly firstOffsets: readonly number[]
  /** The numbers of the data keys that seal the runs, 0 for none; undefined if none is sealed. */
  readonly dataKeys?: readonly number[] | undefined
}

/** Where in the batch a run begins. */
export const firstEntry = (ends: Uint32Array, run: number) => (run === 0 ? 0 : ends[run - 1]!)
