import { type Batch, RunOutcomes, type Runs } from '../log.ts'
import { blockBytesMax } from './block-format.ts'
import type { HeldLog } from './held-log.ts'

/** A put of one run that has its offset. */
export type SmallPut = {
  readonly runs: Runs & { readonly logs: readonly HeldLog[] }
  readonly outcomes: RunOutcomes
}

/** Would a block of its own hold little? */
export const isSmall = ({ batch, logs }: Runs): boolean =>
  logs.length === 1 && batch.bytes.byteLength <= blockBytesMax / 2

/**
 * Puts of a few records, which would be a block each, gathered until they fill one: then they have one head, one checksum
 * and one place in memory, and what is kept of them is kept of all together. Each stays a run of its own.
 */
export class SmallPuts {
  #puts: SmallPut[] = []
  #bytes = 0

  get isEmpty(): boolean {
    return this.#puts.length === 0
  }

  /** Whether another still goes into their block. */
  hasRoomFor({ batch }: Runs): boolean {
    return this.#bytes + batch.bytes.byteLength <= blockBytesMax
  }

  add(put: SmallPut): void {
    this.#puts.push(put)
    this.#bytes += put.runs.batch.bytes.byteLength
  }

  /** All that were added, as one put. */
  take(): SmallPut {
    const puts = this.#puts
    const bytes = this.#bytes
    this.#puts = []
    this.#bytes = 0
    return puts.length === 1 ? puts[0]! : joined(puts, bytes)
  }
}

function joined(puts: readonly SmallPut[], byteCount: number): SmallPut {
  const outcomes = new RunOutcomes(puts.length)
  const ends = new Uint32Array(puts.length)
  let entryCount = 0
  for (let run = 0; run < puts.length; run++) {
    const { runs, outcomes: of } = puts[run]!
    outcomes.firstOffsets[run] = of.firstOffsets[0]!
    outcomes.timestampsMs[run] = of.timestampsMs[0]!
    entryCount += runs.ends[0]!
    ends[run] = entryCount
  }
  const bytes = Buffer.allocUnsafe(byteCount)
  const positions = new Uint32Array(entryCount + 1)
  let entry = 0
  for (const { runs } of puts) entry = copy(runs.batch, bytes, positions, entry)
  return { runs: { batch: { bytes, positions }, logs: puts.map(({ runs }) => runs.logs[0]!), ends }, outcomes }
}

/** Copies a batch behind the entries that are there. Returns how many there are then. */
function copy(batch: Batch, bytes: Uint8Array, positions: Uint32Array, entry: number): number {
  const at = positions[entry]!
  bytes.set(batch.bytes, at)
  for (let i = 1; i < batch.positions.length; i++) positions[entry + i] = at + batch.positions[i]!
  batch.release?.()
  return entry + batch.positions.length - 1
}
