import { crc32 } from 'node:zlib'
import { fillByte } from '../packages/server/src/storage/embedded/fill.ts'
import {
  type Appended,
  type Batch,
  batchOf,
  entryAt,
  entryCount,
  LogClosed,
  LogNotFound,
} from '../packages/server/src/storage/log.ts'
import { ExpectedLog, holds, idLength, Violation } from './expected-log.ts'
import { ExpectedStorage } from './expected-storage.ts'
import { type Opened, openDisturbed, openOn } from './opening.ts'
import { Sealing } from './sealing.ts'
import type { SeededRandom } from './seeded-random.ts'
import { SimulatedClock } from './simulated-clock.ts'
import { type DiskCall, SimulatedDisk } from './simulated-disk.ts'
import { hourMs, type Step } from './step.ts'

/** So that a history stays cheap to look at. */
const logsMax = 6

/** Long enough for what waits for a pause, too short for a sweep. */
const idleMs = 150

type Outcome<T> = { readonly value: T } | { readonly error: Error }

/** A storage on a simulated disk, the steps that are done to it, and what it must hold after them. */
export class World {
  readonly clock = new SimulatedClock()
  readonly segmentBytesMax: number
  readonly sealing: Sealing
  expected = new ExpectedStorage()
  disk: SimulatedDisk
  /** Told of each change of the disk: a moment at which a crash may come. */
  onChange: (() => void) | undefined
  /** Of all that happened, in order: two runs that agree in it did the same. */
  trace = 0
  /** Disks that were opened after a crash. */
  images = 0
  #storage: Opened | undefined
  readonly #random: SeededRandom
  #nextLog = 0
  #nextBatch = 1
  #nextValue = 1
  /** True while a call of the disk has failed, or may have. */
  #hasFailed = () => false
  #isAlone = true
  readonly #keysInFlight = new Set<number>()

  constructor(random: SeededRandom, segmentBytesMax: number) {
    this.#random = random
    this.segmentBytesMax = segmentBytesMax
    this.sealing = new Sealing(random.fork())
    this.disk = new SimulatedDisk(random.fork())
  }

  async start(): Promise<void> {
    this.#attach(this.disk)
    this.#storage = (await openOn(this.disk, this))!
  }

  async do(step: Step): Promise<void> {
    this.#note(JSON.stringify(step))
    switch (step.kind) {
      case 'together':
        return this.#together(step.during)
      case 'fault': {
        const fault = this.disk.failAfter(step.afterCalls, step.calls, step.code)
        this.#hasFailed = () => fault.hasFailed()
        for (const during of step.during) await this.#simple(during)
        fault.end()
        this.#hasFailed = () => false
        return
      }
      case 'idle':
        for (let i = 0; i < 3; i++) await this.#pass(idleMs)
        return
      case 'restart':
        return this.restart()
      case 'crash':
        return this.#crash(step)
      default:
        return this.#simple(step)
    }
  }

  /** Ends the storage in good order, opens it, and checks all that it says. */
  async restart(): Promise<void> {
    const closed = await this.#outcome(this.#storage!.close())
    holds('value' in closed, () => 'the storage cannot be closed')
    this.#storage = (await openOn(this.disk, this))!
    await this.check()
  }

  /** Checks all that the storage says now. */
  async check(): Promise<void> {
    await this.expected.check(this.#storage!, this.clock.reading)
    for (const { id, end, lastMs } of this.expected.logs.values()) this.#note(`${id} ${end} ${lastMs}`)
  }

  async #crash({ crash, afterChanges, during }: Step & { kind: 'crash' }): Promise<void> {
    this.disk.stopAfter(afterChanges)
    // What goes on at the crash never comes back; what ends before it may end as it likes.
    await Promise.race([this.#together(during), this.disk.stopped])
    this.disk.stopAfter(0)
    this.#isAlone = true
    this.#keysInFlight.clear()
    const opened = await openDisturbed(this.disk.after(crash, this.#random.fork()), this.#random, this)
    this.images += opened.images
    this.#attach(opened.disk)
    this.#storage = opened.storage
    await this.check()
  }

  #attach(disk: SimulatedDisk): void {
    const chance = this.#random.fork()
    disk.turns = (call) => chance.below(call === 'dataSync' || call === 'syncDirectory' ? 16 : 4)
    disk.onChange = (call, path) => this.#changed(call, path)
    this.disk = disk
  }

  #changed(call: DiskCall, path: string): void {
    this.#note(`${call} ${path}`)
    this.onChange?.()
  }

  #note(line: string): void {
    this.trace = crc32(line, this.trace)
  }

  async #together(steps: readonly Step[]): Promise<void> {
    this.#isAlone = steps.length <= 1
    await Promise.all(steps.map((step) => this.#simple(step)))
    this.#isAlone = true
  }

  async #simple(step: Step): Promise<void> {
    switch (step.kind) {
      case 'create':
        await this.#create(step.retentionHours * hourMs)
        return
      case 'put':
        return this.#put(this.#log(step.log), step.sizes)
      case 'spread':
        return this.#append(
          step.logs.map((log) => this.#log(log)).filter((log) => log !== undefined),
          step.sizes,
        )
      case 'roll':
        return this.#put(this.#log(step.log), [this.segmentBytesMax])
      case 'read':
        return this.#read(this.#log(step.log), step)
      case 'split':
        return this.#reshard([this.#open(step.log)], 2)
      case 'merge':
        return this.#reshard([this.#open(step.log), this.#open(step.other)], 1)
      case 'trim':
        return this.#trim(this.#log(step.log), step.portion)
      case 'configure':
        return this.#configure(this.#log(step.log), step.retentionHours * hourMs)
      case 'delete':
        return this.#delete(this.#log(step.log))
      case 'sweep':
        await this.#outcome(this.#storage!.sweep())
        return
      case 'clock':
        this.clock.set(step.ms)
        return
      case 'pass':
        return this.#pass(step.ms)
      case 'catalog':
        return this.#catalog(step.key, step.isDeletion)
      default:
        throw new Error(`${step.kind} is not done together with others`)
    }
  }

  /** What became of a call: a failure must have its cause in the disk, or be a refusal. */
  async #outcome<T>(answer: Promise<T>): Promise<Outcome<T>> {
    const { disk } = this
    try {
      const value = await answer
      return disk.isStopped ? await new Promise(() => {}) : { value } // nobody is there any more to be told
    } catch (caught) {
      if (disk.isStopped) return new Promise(() => {})
      return { error: this.#asCaused(caught as Error) }
    }
  }

  /** A failure, if it has its cause in the disk, or is a refusal. @throws Violation if not */
  #asCaused(error: Error): Error {
    const isRefusal = error instanceof LogClosed || error instanceof LogNotFound
    if (isRefusal || (this.#hasFailed() && !(error instanceof Violation))) return error
    throw new Violation(`a call failed, and the disk had not: ${error.message}`, { cause: error })
  }

  /** Lets time pass, and what wakes by it do its work. */
  async #pass(ms: number): Promise<void> {
    this.clock.pass(ms)
    this.expected.pass(this.clock.reading)
    for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve))
  }

  /** Asks again when the disk failed, as services do. */
  async #twice<T>(call: () => Promise<T>): Promise<Outcome<T>> {
    const first = await this.#outcome(call())
    return 'value' in first ? first : this.#outcome(call())
  }

  /** One of the logs that are there. */
  #log(number: number): ExpectedLog | undefined {
    const logs = [...this.expected.logs.values()].filter(({ made, deleted }) => made === 'yes' && deleted === 'no')
    return logs[number % Math.max(1, logs.length)]
  }

  #open(number: number): ExpectedLog | undefined {
    const logs = [...this.expected.logs.values()].filter((log) => log.isOpen)
    return logs[number % Math.max(1, logs.length)]
  }

  async #create(retentionMs: number): Promise<void> {
    if (this.expected.logs.size >= logsMax) return
    // Now and then a name comes again, whose log was deleted: it begins anew.
    const again = this.#random.chance(0.3) ? [...this.expected.gone][0] : undefined
    const log = new ExpectedLog(again ?? `log-${this.#nextLog++}`, retentionMs)
    this.expected.gone.delete(log.id)
    this.expected.logs.set(log.id, log)
    const made = await this.#outcome(this.#storage!.log.create(log.id, { retentionMs, dataKey: this.#dataKey() }))
    if ('value' in made) log.made = 'yes'
  }

  /** Some logs are sealed, some are not, and some change over. */
  #dataKey(): number {
    return this.#random.pick([0, 0, 1, 2])
  }

  async #put(log: ExpectedLog | undefined, sizes: readonly number[]): Promise<void> {
    return log ? this.#append([log], sizes) : this.#create(hourMs)
  }

  /** One call for some logs, and to some of them twice. Each gets entries of the same sizes. */
  async #append(logs: readonly ExpectedLog[], sizes: readonly number[]): Promise<void> {
    const puts = logs.map((log) => ({ log, id: this.#nextBatch++ }))
    const batches = puts.map(({ id }) => numberedBatch(id, sizes))
    for (const [i, { log, id }] of puts.entries()) log.ask(id, batches[i]!)
    const { log } = this.#storage!
    const batch = batchOf(batches.flatMap((one) => sizes.map((_, i) => entryAt(one, i))))
    const ends = Uint32Array.from(puts, (_, i) => (i + 1) * sizes.length)
    const called = await this.#outcome(log.appendRuns({ batch, logs: logs.map(({ id }) => log.find(id)), ends }))
    if (!('value' in called)) throw new Violation('a call with an outcome for each run failed', { cause: called.error })
    const outcomes = called.value
    for (const [i, put] of puts.entries()) {
      const error = outcomes.error(i)
      const value = { firstOffset: outcomes.firstOffsets[i]!, timestampMs: outcomes.timestampsMs[i]! }
      this.#settle(put.log, put.id, error ? { error: this.#asCaused(error) } : { value })
    }
  }

  /** Takes down what became of a put. */
  #settle(log: ExpectedLog, id: number, put: Outcome<Appended>): void {
    if ('value' in put) {
      log.acknowledge(id, put.value, this.clock.reading)
      if (log.closed === 'maybe' && this.#isAlone) log.closed = 'no'
      this.#note(`${id} ${put.value.firstOffset} ${put.value.timestampMs}`)
    } else if (put.error instanceof LogClosed) {
      holds(log.closed !== 'no', () => `${log.id}: refuses as closed, and was not closed`)
      log.withdraw(id)
    } else if (put.error instanceof LogNotFound) {
      // It may have been written: if a crash comes before the deletion is durable, it is there with its log.
      holds(log.deleted !== 'no', () => `${log.id}: refuses as deleted, and was not`)
    }
  }

  async #read(log: ExpectedLog | undefined, { portion, entriesMax }: Step & { kind: 'read' }): Promise<void> {
    if (!log) return
    const from = Math.floor((log.end * portion) / 100)
    const floor = log.floor(this.clock.reading)
    const bytesMax = entriesMax === 3 ? 100 : 1 << 30
    const reading = async () => {
      const before = await this.#storage!.log.bounds(log.id)
      const blocks = await this.#storage!.log.read(log.id, from, { bytesMax, entriesMax })
      return { before, blocks, after: await this.#storage!.log.bounds(log.id) }
    }
    const read = await this.#outcome(reading())
    if (!('value' in read)) return holds(log.deleted !== 'no' || this.#hasFailed(), () => `${log.id}: is not there`)
    const { before, blocks, after } = read.value
    log.checkServed(blocks, from, floor)
    log.checkNothingLost(after.start)
    let entries = 0
    let bytes = 0
    for (const block of blocks) {
      entries += entryCount(block)
      bytes += block.positions.at(-1)! - block.positions[0]!
    }
    holds(entries <= entriesMax, () => `${log.id}: ${entries} entries for who wants ${entriesMax}`)
    holds(bytes <= bytesMax || entries === 1, () => `${log.id}: ${bytes} bytes for who wants ${bytesMax}`)
    if (!this.#isAlone) return
    const first = Math.max(from, before.start)
    const served = blocks[0]?.firstOffset ?? before.end
    holds(
      served === Math.min(first, before.end) || first > before.end,
      () => `${log.id}: ${first} is asked, ${served} served`,
    )
    holds(after.end >= log.end && after.start >= before.start, () => `${log.id}: its bounds went back`)
  }

  /** What a split and a merge are to storage: parents closed, children made, and the catalog says so. */
  async #reshard(chosen: readonly (ExpectedLog | undefined)[], children: number): Promise<void> {
    const parents = [...new Set(chosen)].filter((log) => log !== undefined)
    if (parents.length !== chosen.length) return
    for (const log of parents) await this.#close(log)
    for (let i = 0; i < children; i++) await this.#create(Math.max(...(parents[0]?.retentionsMs ?? [hourMs])))
    await this.#catalog(0, false)
  }

  async #close(log: ExpectedLog): Promise<void> {
    if (log.closed === 'no') log.closed = 'maybe'
    const closed = await this.#twice(() => this.#storage!.log.close(log.id))
    if (!('value' in closed)) return
    const { endOffset } = closed.value
    holds(endOffset >= log.end, () => `${log.id}: was closed at ${endOffset}, and had acknowledged up to ${log.end}`)
    log.closed = 'yes'
    log.endOffset = endOffset
  }

  async #trim(log: ExpectedLog | undefined, portion: number): Promise<void> {
    if (!log) return
    const before = Math.floor((log.end * portion) / 100)
    log.trimAskedTo = Math.max(log.trimAskedTo, before)
    const trimmed = await this.#twice(() => this.#storage!.log.trim(log.id, before))
    if ('value' in trimmed) log.trimmedTo = Math.max(log.trimmedTo, before)
  }

  async #configure(log: ExpectedLog | undefined, retentionMs: number): Promise<void> {
    if (!log) return
    log.retentionsMs.push(retentionMs)
    log.pass(this.clock.reading)
    const options = this.#random.chance(0.5) ? { retentionMs } : { retentionMs, dataKey: this.#dataKey() }
    const configured = await this.#outcome(this.#storage!.log.configure(log.id, options))
    // Of two that go on at one time either may be the last: one that has a key to change takes longer.
    if ('value' in configured && this.#isAlone)
      log.retentionsMs = log.retentionsMs.slice(log.retentionsMs.indexOf(retentionMs))
  }

  async #delete(log: ExpectedLog | undefined): Promise<void> {
    if (!log) return
    log.deleted = 'maybe'
    const deleted = await this.#outcome(this.#storage!.log.delete(log.id))
    if (!('value' in deleted) || this.expected.logs.get(log.id) !== log) return
    this.expected.logs.delete(log.id)
    this.expected.gone.add(log.id)
  }

  async #catalog(number: number, isDeletion: boolean): Promise<void> {
    if (this.#keysInFlight.has(number)) return
    const key = `key-${number}`
    const catalog = this.#storage!.catalog
    const version = catalog.get(key)?.version ?? 0
    if (version === 0 && isDeletion) {
      holds(!(await catalog.delete(key, 0)), () => `catalog: deleted ${key}, which was not there`)
      return
    }
    this.#keysInFlight.add(number)
    const value = isDeletion ? undefined : { number: this.#nextValue++, text: 'x'.repeat(this.#random.below(600)) }
    this.expected.catalog.ask(key, value)
    const changed = await this.#outcome<number | boolean | undefined>(
      value === undefined ? catalog.delete(key, version) : catalog.put(key, value, version),
    )
    this.#keysInFlight.delete(number)
    if (!('value' in changed)) return
    holds(Boolean(changed.value), () => `catalog: refused a change of ${key} at its version ${version}`)
    const given = typeof changed.value === 'number' ? changed.value : undefined
    this.expected.catalog.acknowledge(key, value, given)
    this.#note(`${key} ${given}`)
  }
}

/** Entries of these lengths, of which each byte tells whose it is, and none is zero; some look like fill. */
export function numberedBatch(id: number, sizes: readonly number[]): Batch {
  const entries = sizes.map((size, i) =>
    new Uint8Array(i === 0 ? Math.max(idLength, size) : size).fill(id % 8 === 0 ? fillByte : 1 + ((id * 7 + i) % 255)),
  )
  new DataView(entries[0]!.buffer).setUint32(0, id, true)
  return batchOf(entries)
}
