import { ManualClock, noMetrics, type Random } from '@millrace/ports'
import { Agent } from '../agent.ts'
import { readAgentConfig } from '../config/agent-config.ts'
import type { Ec2Metadata } from '../processing/ec2-metadata.ts'
import { noneRefused, type Refused, type Sink, type SinkRecord } from '../sending/sink.ts'
import { CheckpointStore } from '../state/checkpoint-store.ts'
import type { StateFile } from '../state/state-file.ts'
import { MemoryFileSystem } from './memory-file-system.ts'

/** An agent on a disk in memory and a clock that is moved by hand. */
export class AgentFixture {
  readonly clock = new ManualClock()
  readonly files = new MemoryFileSystem(this.clock)
  readonly state = new MemoryStateFile()
  readonly sink = new RecordingSink()
  readonly log: string[] = []
  agent!: Agent
  #store!: CheckpointStore

  /** Starts an agent with one flow, of which the test says what matters to it. */
  static async start(flow: Record<string, unknown> = {}, prepare: (fixture: AgentFixture) => void = () => {}) {
    const fixture = new AgentFixture()
    prepare(fixture)
    await fixture.start(flow)
    return fixture
  }

  async start(flow: Record<string, unknown> = {}): Promise<void> {
    const text = JSON.stringify({
      flows: [{ filePattern: '/logs/app.log*', kinesisStream: 's', initialPosition: 'START_OF_FILE', ...flow }],
    })
    const { config } = readAgentConfig(text, 2)
    const logger = { log: (level: string, message: string) => void this.log.push(`${level} ${message}`) }
    const { clock } = this
    this.#store = await CheckpointStore.open(this.state, {
      clock,
      logger,
      flows: config.flows.map(({ id }) => id),
      timeToLiveMs: config.checkpointTimeToLiveMs,
    })
    this.agent = new Agent({
      config,
      clock,
      random: sameRandom,
      logger,
      metrics: noMetrics,
      fileSystem: this.files,
      store: this.#store,
      ec2: noMetadata,
      sinkOf: () => this.sink,
    })
    await this.agent.start()
  }

  /** Lets the time pass that it takes to notice, wait and send. */
  async settle(ms = 5000): Promise<void> {
    for (let passed = 0; passed < ms; passed += 100) await this.clock.advance(100)
  }

  async stop(): Promise<void> {
    let isStopped = false
    const stopped = this.agent.stop().then(() => this.#store.close())
    void stopped.finally(() => {
      isStopped = true
    })
    while (!isStopped) await this.clock.advance(100)
    await stopped
  }

  /** Ends at once, as `kill -9` does: what is in the state file stays. */
  kill(): void {
    this.state.freeze()
    this.sink.isDead = true
    void this.agent.stop()
  }

  /** The state as the next process finds it. */
  async restart(flow: Record<string, unknown> = {}): Promise<AgentFixture> {
    const next = new AgentFixture()
    Object.assign(next, { clock: this.clock, files: this.files, state: new MemoryStateFile(this.state.bytes) })
    await next.start(flow)
    return next
  }

  get lines(): string[] {
    return this.sink.lines
  }
}

/** Takes records, and fails as it is told. */
export class RecordingSink implements Sink {
  readonly name = 'KinesisStream:s'
  readonly calls: string[][] = []
  readonly lines: string[] = []
  /** Says what becomes of a call before it counts. */
  answer: (records: readonly SinkRecord[]) => Promise<Refused> = async () => noneRefused
  isDead = false

  async put(records: readonly SinkRecord[]): Promise<Refused> {
    if (this.isDead) return new Promise(() => {})
    const refused = await this.answer(records)
    const taken = records.filter((record) => !refused.records.includes(record))
    this.calls.push(taken.map(({ Data }) => Buffer.from(Data).toString('latin1')))
    for (const { Data } of taken) this.lines.push(Buffer.from(Data).toString('latin1'))
    return refused
  }
}

export class MemoryStateFile implements StateFile {
  bytes: Buffer | undefined
  aside: Buffer | undefined
  failWith: string | undefined
  #isFrozen = false

  constructor(bytes?: Buffer) {
    this.bytes = bytes
  }

  freeze(): void {
    this.#isFrozen = true
  }

  async read() {
    return this.bytes
  }

  async replace(contents: Uint8Array) {
    this.#failIf()
    if (!this.#isFrozen) this.bytes = Buffer.from(contents)
  }

  async append(bytes: Uint8Array) {
    this.#failIf()
    if (!this.#isFrozen) this.bytes = Buffer.concat([this.bytes ?? Buffer.alloc(0), bytes])
  }

  async sync() {
    this.#failIf()
  }

  async setAside() {
    this.aside = this.bytes
    this.bytes = undefined
    return 'aside'
  }

  async close() {}

  #failIf(): void {
    if (this.failWith) throw Object.assign(new Error(this.failWith), { code: this.failWith })
  }
}

const sameRandom: Random = {
  bytes: (length) => new Uint8Array(length),
  uuid: () => '00000000-0000-4000-8000-000000000000',
}

const noMetadata: Ec2Metadata = { current: () => undefined }

export const numbered = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => `line ${from + i}\n`).join('')

export const linesOf = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? []
