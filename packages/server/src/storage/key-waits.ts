import { type DataKey, type DataKeys, noDataKey } from './data-key.ts'
import { batchOf, entryAt, type LogRef, RunOutcomes, type Runs, StorageBusy } from './log.ts'

/** A log, as far as its key is concerned. */
export type KeyedLog = LogRef & {
  /** Seals what is put now; `noDataKey` for none. */
  readonly dataKey: number
  /** What puts to it wait for. Those that come later go behind them. */
  keyWait: KeyWait | undefined
}

/** A key that is being fetched, and the puts that wait for it. */
export type KeyWait = {
  readonly id: number
  /** Resolves also when the key cannot be had. */
  readonly done: Promise<void>
  readonly logs: Set<KeyedLog>
  puts: number
  key?: DataKey
  error?: Error
}

/** Runs of logs that may be sealed. */
export type LogRuns<Log> = Omit<Runs, 'logs'> & { readonly logs: readonly Log[] }

/** Runs, and what each is sealed with. */
export type KeyedRuns<Log> = LogRuns<Log> & { readonly keys: readonly (DataKey | undefined)[] }

/** What may wait for keys, so that a key service which does not answer does not fill the memory. */
const waitingBytesMax = 16 * 1024 * 1024

/**
 * The way of sealed puts to a log: straight on when their keys are held; else they wait for them, in order, while puts
 * to logs with other keys go by. A key that cannot be had fails the runs that need it, and no others.
 */
export class KeyWaits<Log extends KeyedLog> {
  readonly #keys: DataKeys
  readonly #write: (runs: KeyedRuns<Log>, outcomes: RunOutcomes) => Promise<RunOutcomes>
  readonly #fetching = new Map<number, KeyWait>()
  #waitingBytes = 0

  /** `write` is told with which keys: it must order what it is given before it waits for anything. */
  constructor(keys: DataKeys, write: (runs: KeyedRuns<Log>, outcomes: RunOutcomes) => Promise<RunOutcomes>) {
    this.#keys = keys
    this.#write = write
  }

  /** As RecordLog.appendRuns; runs that `outcomes` has an error for are left out. */
  append(runs: LogRuns<Log>, outcomes: RunOutcomes, passed?: KeyWait): Promise<RunOutcomes> {
    const { logs } = runs
    const keys: (DataKey | undefined)[] = []
    const found = new Map<number, DataKey | KeyWait>() // asked once: what is held may not be in the next moment
    const waits = new Map<KeyWait, number[]>()
    const ready: number[] = []
    for (let run = 0; run < logs.length; run++) {
      if (outcomes.error(run)) continue
      const log = logs[run]!
      const wait = log.keyWait !== passed && log.keyWait ? log.keyWait : this.#keyOf(log, passed, found)
      if (isWait(wait)) listed(waits, wait).push(run)
      else {
        keys[run] = wait
        ready.push(run)
      }
    }
    if (waits.size === 0) return this.#write({ ...runs, keys }, outcomes)
    const parts = [...waits].map(([wait, chosen]) => this.#after(wait, partOf(runs, chosen), chosen, outcomes))
    if (ready.length > 0) {
      const part = { ...partOf(runs, ready), keys: ready.map((run) => keys[run]) }
      parts.push(take(this.#write(part, new RunOutcomes(ready.length)), ready, outcomes))
    }
    return Promise.all(parts).then(() => outcomes)
  }

  /** Resolves when no put waits any more that had come to a log before. */
  async settled(log: Log): Promise<void> {
    while (log.keyWait) await log.keyWait.done
  }

  /** The key that seals what is put to a log now, if it may be used at once; undefined if none does. */
  #keyOf(
    { dataKey }: Log,
    passed: KeyWait | undefined,
    found: Map<number, DataKey | KeyWait>,
  ): DataKey | undefined | KeyWait {
    if (dataKey === noDataKey) return undefined
    let key = found.get(dataKey)
    if (!key) {
      key = (passed?.id === dataKey && passed.key) || this.#keys.held(dataKey) || this.#fetch(dataKey)
      found.set(dataKey, key)
    }
    return key
  }

  #fetch(id: number): KeyWait {
    const found = this.#fetching.get(id)
    if (found) return found
    const wait: KeyWait = { id, done: this.#find(id, () => wait), logs: new Set(), puts: 0 }
    this.#fetching.set(id, wait)
    return wait
  }

  async #find(id: number, wait: () => KeyWait): Promise<void> {
    await Promise.resolve() // so that the wait is there
    try {
      wait().key = await this.#keys.find(id)
    } catch (error) {
      wait().error = error as Error
    }
    this.#fetching.delete(id)
  }

  /** Lets some runs of a put wait for a key. */
  async #after(wait: KeyWait, part: LogRuns<Log>, chosen: readonly number[], outcomes: RunOutcomes): Promise<void> {
    const { byteLength } = part.batch.bytes
    if (this.#waitingBytes > 0 && this.#waitingBytes + byteLength > waitingBytesMax) {
      for (const run of chosen) outcomes.fail(run, new StorageBusy())
      return
    }
    this.#waitingBytes += byteLength
    wait.puts++
    for (const log of part.logs) {
      log.keyWait = wait
      wait.logs.add(log)
    }
    await wait.done
    this.#waitingBytes -= byteLength
    const outcome = new RunOutcomes(chosen.length)
    for (const [run, log] of part.logs.entries())
      if (wait.error && log.dataKey === wait.id) outcome.fail(run, wait.error) // not, if it has another key by now
    const settled = take(this.append(part, outcome, wait), chosen, outcomes)
    if (--wait.puts === 0) for (const log of wait.logs) if (log.keyWait === wait) log.keyWait = undefined
    await settled
  }
}

/** Tells the outcomes of chosen runs in their places. */
async function take(part: Promise<RunOutcomes>, chosen: readonly number[], outcomes: RunOutcomes): Promise<void> {
  const outcome = await part
  for (const [i, run] of chosen.entries()) {
    outcomes.firstOffsets[run] = outcome.firstOffsets[i]!
    outcomes.timestampsMs[run] = outcome.timestampsMs[i]!
    const error = outcome.error(i)
    if (error) outcomes.fail(run, error)
  }
}

const isWait = (found: DataKey | undefined | KeyWait): found is KeyWait => found !== undefined && 'done' in found

function listed(waits: Map<KeyWait, number[]>, wait: KeyWait): number[] {
  const found = waits.get(wait) ?? []
  waits.set(wait, found)
  return found
}

/** Some runs of a put, as one. */
function partOf<Log>({ batch, logs, ends }: LogRuns<Log>, chosen: readonly number[]) {
  const entries: Uint8Array[] = []
  const partEnds: number[] = []
  for (const run of chosen) {
    for (let i = run === 0 ? 0 : ends[run - 1]!; i < ends[run]!; i++) entries.push(entryAt(batch, i))
    partEnds.push(entries.length)
  }
  return { batch: batchOf(entries), logs: chosen.map((run) => logs[run]!), ends: Uint32Array.from(partEnds) }
}
