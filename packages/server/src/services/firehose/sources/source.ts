import type { SourceRecord } from '../delivery/delivery-record.ts'

/** How far each lane has been delivered: lane → where to go on. A lane is a shard, or the log of what was put. */
export type Checkpoint = Readonly<Record<string, string>>

export type SourcePage = {
  readonly lane: string
  /** Where the lane goes on behind this page; undefined: it is forgotten, and nobody goes on there. */
  readonly next: string | undefined
  /** Behind the last position that `next` passes. @default 0: it passes none */
  readonly end?: number | undefined
  readonly records: readonly SourceRecord[]
  /** The last of its lane, and others begin when all of it is delivered: nothing of it waits for company. */
  readonly isEnd?: boolean | undefined
}

/** What a source holds that was not read yet, as far as it knows. */
export type Waiting = {
  readonly records?: number | undefined
  /** How far the last record that was read is behind the newest. */
  readonly behindMs?: number | undefined
}

/** Where a delivery stream's records come from. */
export interface Source {
  /** Pages as they come, each lane in its order, from the checkpoint on. Ends when `signal` aborts. */
  pages(from: Checkpoint, signal: AbortSignal): AsyncIterable<SourcePage>
  /** Told once everything before `next` is delivered, and a restart begins there; undefined: the lane is forgotten. */
  passed(lane: string, next: string | undefined): Promise<void>
  /** What is behind a position; for people, who ask once a second. */
  waiting?(from: Checkpoint): Promise<Waiting>
}
