import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CloudWatchClient, ListMetricsCommand } from '@aws-sdk/client-cloudwatch'
import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  ListShardsCommand,
} from '@aws-sdk/client-kinesis'
import { type Millrace, startMillrace } from '../../../server/src/index.ts'

const bin = join(import.meta.dirname, '../../../server/src/bin.ts')

/** A server, a folder for logs and configuration, and as many agent processes as a test starts one after the other. */
export class AgentBench {
  readonly folder = mkdtempSync(join(tmpdir(), 'millrace-agent-'))
  readonly millrace: Millrace
  readonly kinesis: KinesisClient
  #running: ChildProcess | undefined

  private constructor(millrace: Millrace) {
    this.millrace = millrace
    const credentials = { accessKeyId: 'any', secretAccessKey: 'any' }
    this.kinesis = new KinesisClient({ endpoint: millrace.url, region: 'us-east-1', credentials })
  }

  static async open(stream: string, shards = 1): Promise<AgentBench> {
    const bench = new AgentBench(await startMillrace({ limits: 'off', transitionMs: 0 }))
    await bench.kinesis.send(new CreateStreamCommand({ StreamName: stream, ShardCount: shards }))
    for (;;) {
      const { StreamDescriptionSummary } = await bench.kinesis.send(
        new DescribeStreamSummaryCommand({ StreamName: stream }),
      )
      if (StreamDescriptionSummary?.StreamStatus === 'ACTIVE') return bench
    }
  }

  path(name: string): string {
    return join(this.folder, name)
  }

  /** Writes agent.json: this server, no CloudWatch, and these flows. */
  configure(flows: readonly Record<string, unknown>[], more: Record<string, unknown> = {}): string {
    const path = this.path('agent.json')
    const config = { 'kinesis.endpoint': this.millrace.url, 'cloudwatch.emitMetrics': false, ...more, flows }
    writeFileSync(path, JSON.stringify(config))
    return path
  }

  /** Starts `millrace agent` on the configuration; resolves when it follows its files. */
  async start(...args: string[]): Promise<{ child: ChildProcess; output: () => string }> {
    const all = ['agent', '--config', this.path('agent.json'), '--state', this.path('state'), ...args]
    const child = spawn(process.execPath, [bin, ...all], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#running = child
    let text = ''
    child.stderr.on('data', (data) => {
      text += data
    })
    child.stdout.on('data', (data) => {
      text += data
    })
    await new Promise<void>((resolve, reject) => {
      child.stdout.once('data', () => resolve())
      child.once('exit', (code) => reject(new Error(`the agent ended with ${code}: ${text}`)))
    })
    return { child, output: () => text }
  }

  /** Reads until `count` records are there, and then what else is: those of each shard in their order. */
  async records(stream: string, count: number): Promise<string[]> {
    const { Shards } = await this.kinesis.send(new ListShardsCommand({ StreamName: stream }))
    const readers = (Shards ?? []).map(({ ShardId }) => ({ ShardId, iterator: '', found: [] as string[] }))
    for (const reader of readers) {
      const at = { StreamName: stream, ShardId: reader.ShardId, ShardIteratorType: 'TRIM_HORIZON' } as const
      reader.iterator = (await this.kinesis.send(new GetShardIteratorCommand(at))).ShardIterator!
    }
    for (;;) {
      let isNew = false
      for (const reader of readers) {
        const page = await this.kinesis.send(new GetRecordsCommand({ ShardIterator: reader.iterator }))
        for (const { Data } of page.Records!) reader.found.push(Buffer.from(Data!).toString('latin1'))
        reader.iterator = page.NextShardIterator!
        isNew ||= page.Records!.length > 0
      }
      const found = readers.flatMap((reader) => reader.found)
      if (!isNew && found.length >= count) return found
      if (!isNew) await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** What the server's CloudWatch has in a namespace: names with their dimensions. */
  async metrics(Namespace: string): Promise<string[]> {
    const credentials = { accessKeyId: 'any', secretAccessKey: 'any' }
    const client = new CloudWatchClient({ endpoint: this.millrace.url, region: 'us-east-1', credentials })
    const { Metrics } = await client.send(new ListMetricsCommand({ Namespace }))
    client.destroy()
    return (Metrics ?? []).map(
      ({ MetricName, Dimensions }) =>
        `${MetricName} ${(Dimensions ?? []).map(({ Name, Value }) => `${Name}=${Value}`).join()}`,
    )
  }

  async close(): Promise<void> {
    if (this.#running?.exitCode === null && this.#running.signalCode === null) {
      this.#running.kill('SIGKILL')
      await once(this.#running, 'exit')
    }
    this.kinesis.destroy()
    await this.millrace.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }
}
