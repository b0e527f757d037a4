import type { Clock, Logger } from '@millrace/ports'
import { type Checkpoint, checkpointKey } from './checkpoint.ts'
import { decodeFacts, encodeFacts, type Fact } from './checkpoint-format.ts'
import type { StateFile } from './state-file.ts'

/** The file is written anew when it is this long and mostly history. */
const compactBytesMin = 1024 * 1024

/** Between tries to write, while the disk does not take it. */
const retryMs = 1000

/**
 * The checkpoints of all flows, in memory and in a file. What `save` resolved for survives the end of the process; the
 * sync that makes it survive the machine runs behind, and the save after the next waits for it: after a power loss at
 * most two batches of a file are sent again.
 */
export class CheckpointStore {
  readonly #file: StateFile
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #checkpoints = new Map<string, Checkpoint>()
  readonly #flows = new Set<string>()
  #waiting: Fact[] = []
  #writing: Promise<void> | undefined
  #syncing: Promise<void> | undefined
  #sizeBytes = 0
  #closed = false
  readonly #closing = new AbortController()

  private constructor(file: StateFile, clock: Clock, logger: Logger) {
    this.#file = file
    this.#clock = clock
    this.#logger = logger
  }

  /**
   * Reads the file, or begins one. What is damaged is told and put aside; the files whose checkpoints are lost are then
   * read from their beginning: lines twice rather than lines lost.
   */
  static async open(
    file: StateFile,
    {
      clock,
      logger,
      flows,
      timeToLiveMs,
    }: { clock: Clock; logger: Logger; flows: readonly string[]; timeToLiveMs: number },
  ): Promise<CheckpointStore> {
    const store = new CheckpointStore(file, clock, logger)
    await store.#load(flows)
    store.#forgetOlderThan(clock.nowMs() - timeToLiveMs)
    await store.#compact()
    return store
  }

  /** Whether this flow ran before: then files without a checkpoint are new, and are read from their beginning. */
  knowsFlow(flow: string): boolean {
    return this.#flows.has(flow)
  }

  async startFlow(flow: string): Promise<void> {
    if (this.#flows.has(flow)) return
    this.#flows.add(flow)
    await this.#write({ kind: 'flow', flow })
  }

  find(flow: string, id: string): Checkpoint | undefined {
    return this.#checkpoints.get(checkpointKey({ flow, id }))
  }

  ofFlow(flow: string): Checkpoint[] {
    return [...this.#checkpoints.values()].filter((checkpoint) => checkpoint.flow === flow)
  }

  /** Resolves once it is written; waits, however long, while the disk does not take it. */
  async save(checkpoint: Checkpoint): Promise<void> {
    this.#checkpoints.set(checkpointKey(checkpoint), checkpoint)
    await this.#write({ kind: 'checkpoint', checkpoint })
  }

  async forget(flow: string, id: string): Promise<void> {
    if (this.#checkpoints.delete(checkpointKey({ flow, id }))) await this.#write({ kind: 'gone', flow, id })
  }

  /** Writes what waits, syncs, closes. */
  async close(): Promise<void> {
    this.#closed = true
    this.#closing.abort()
    await this.#writing
    await this.#syncing
    await this.#file
      .sync()
      .catch((error: Error) => this.#logger.log('warn', `checkpoints not synced: ${error.message}`))
    await this.#file.close()
  }

  async #load(flows: readonly string[]): Promise<void> {
    const bytes = await this.#file.read()
    if (bytes === undefined) return
    const found = decodeFacts(bytes)
    if (found === undefined || found.damagedLines > 0) {
      const aside = await this.#file.setAside()
      const lost = found === undefined ? 'cannot be understood' : `has ${found.damagedLines} damaged lines`
      this.#logger.log(
        'error',
        `the checkpoint file ${lost}; it is put aside, and files without a checkpoint are read from their beginning: some lines may be sent again`,
        { aside },
      )
      for (const flow of flows) this.#flows.add(flow)
    }
    for (const fact of found?.facts ?? []) {
      if (fact.kind === 'flow') this.#flows.add(fact.flow)
      else if (fact.kind === 'gone') this.#checkpoints.delete(checkpointKey(fact))
      else this.#checkpoints.set(checkpointKey(fact.checkpoint), fact.checkpoint)
    }
  }

  #forgetOlderThan(beforeMs: number): void {
    for (const [key, { atMs }] of this.#checkpoints) if (atMs < beforeMs) this.#checkpoints.delete(key)
  }

  /** One write carries all that came while the one before was under way. */
  async #write(fact: Fact): Promise<void> {
    this.#waiting.push(fact)
    while (this.#waiting.includes(fact)) {
      this.#writing ??= this.#flush().finally(() => {
        this.#writing = undefined
      })
      await this.#writing
    }
  }

  async #flush(): Promise<void> {
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const bytes = encodeFacts(this.#waiting, false)
      this.#waiting = []
      await this.#persist(() => this.#file.append(bytes))
      this.#sizeBytes += bytes.length
      if (this.#sizeBytes > compactBytesMin && this.#sizeBytes > 4 * this.#liveBytes())
        await this.#persist(() => this.#compact())
      await this.#syncing
      // After a failed sync nothing may be believed of the file any more: it is written anew.
      this.#syncing = this.#persist(() => this.#file.sync().catch(() => this.#compact())).finally(() => {
        this.#syncing = undefined
      })
    }
  }

  async #persist(attempt: () => Promise<void>): Promise<void> {
    for (let isTold = false; ; isTold = true) {
      try {
        return await attempt()
      } catch (error) {
        if (!isTold)
          this.#logger.log('error', `checkpoints cannot be written, sending waits: ${(error as Error).message}`)
        if (this.#closed) return
        await this.#clock.sleep(retryMs, this.#closing.signal)
      }
    }
  }

  async #compact(): Promise<void> {
    const facts: Fact[] = [...this.#flows].map((flow) => ({ kind: 'flow', flow }))
    for (const checkpoint of this.#checkpoints.values()) facts.push({ kind: 'checkpoint', checkpoint })
    const bytes = encodeFacts(facts, true)
    await this.#file.replace(bytes)
    this.#sizeBytes = bytes.length
  }

  #liveBytes(): number {
    return 300 * (this.#checkpoints.size + this.#flows.size)
  }
}
