import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { build, classpathOf, hasJava } from '../conformance/jvm/programs.ts'
import { freePort } from './servers.ts'

/*
 * Apache Kafka beside the pipeline: one broker (KRaft, its own controller) with its own tools for performance, as they
 * come from Maven Central, all in processes of their own and with the JVM options of Kafka's own scripts.
 */

export type KafkaOptions = {
  readonly records: number
  readonly recordBytes: number
  /** `default`: Kafka leaves the disk to the system. `every-message`: flush.messages=1, a sync before an answer. */
  readonly flush: 'default' | 'every-message'
  readonly partitions?: number
}

export type KafkaFigures = {
  /** From the producer's first record to the consumer's last, per second. */
  readonly recordsPerSecond: number
  /** What the producer's tool says of itself. */
  readonly producedPerSecond: number
}

const startWithinMs = 60_000
const runWithinMs = 300_000

/** A reason why Kafka cannot be asked on this machine, or undefined. Fetches its jars the first time. */
export function missingKafka(): string | undefined {
  if (!hasJava()) return 'this machine has no java, javac and mvn'
  build('kafka')
  return undefined
}

/** Starts a broker with its data in a fresh folder, lets a producer and a consumer run at the same time, and ends it. */
export async function kafkaPipeline(options: KafkaOptions): Promise<KafkaFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-kafka-'))
  const started: ChildProcess[] = []
  const kill = () => {
    for (const child of started) child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
  process.on('exit', kill)
  try {
    return await measure(folder, started, options)
  } finally {
    process.off('exit', kill)
    kill()
  }
}

async function measure(folder: string, started: ChildProcess[], options: KafkaOptions): Promise<KafkaFigures> {
  const [port, controllerPort] = [await freePort(), await freePort()]
  const properties = join(folder, 'server.properties')
  writeFileSync(properties, serverProperties(port, controllerPort, join(folder, 'data')))
  const server = `127.0.0.1:${port}`
  run('kafka.tools.StorageTool', ['format', '-t', 'MkU3OEVBNTcwNTJENDM2Qk', '-c', properties])
  const broker = start(started, brokerOptions, 'kafka.Kafka', [properties])
  await untilItListens(port, broker)
  const topic = ['--create', '--topic', 'pipeline', '--partitions', String(options.partitions ?? 1)]
  const flush = options.flush === 'every-message' ? ['--config', 'flush.messages=1'] : []
  run('org.apache.kafka.tools.TopicCommand', [...topic, ...flush, '--bootstrap-server', server])

  const consumer = start(started, toolOptions, 'org.apache.kafka.tools.ConsumerPerformance', [
    ...['--topic', 'pipeline', '--messages', String(options.records), '--bootstrap-server', server],
    ...['--timeout', String(runWithinMs), '--date-format', 'yyyy-MM-dd HH:mm:ss:SSS', '--hide-header'],
  ])
  const consumed = linesOf(consumer)
  const producer = start(started, toolOptions, 'org.apache.kafka.tools.ProducerPerformance', [
    ...['--topic', 'pipeline', '--num-records', String(options.records), '--throughput', '-1'],
    ...['--record-size', String(options.recordBytes), '--producer-props', `bootstrap.servers=${server}`],
  ])
  const { rate: producedPerSecond, startedAtMs } = await producerTotal(producer, options.records)
  const line = (await consumed).find((one) => /^\d{4}-\d\d-\d\d .*,/.test(one))
  const [, end = '', , , messages] = (line ?? '').split(', ')
  if (Number(messages) < options.records) throw new Error(`Kafka's consumer had ${messages} of ${options.records}`)
  const endedAtMs = new Date(end.replace(/:(\d{3})$/, '.$1').replace(' ', 'T')).getTime()
  return { recordsPerSecond: options.records / ((endedAtMs - startedAtMs) / 1000), producedPerSecond }
}

/**
 * The producer's last line: "N records sent, R records/sec (…), …". It is printed when the last record is acknowledged, and
 * R is over all the time since the first, so that tells when that was.
 */
async function producerTotal(producer: ChildProcess, records: number): Promise<{ rate: number; startedAtMs: number }> {
  for await (const line of createInterface({ input: producer.stdout! })) {
    const [, sent, rate] = /^(\d+) records sent, ([\d.]+) records\/sec .*99\.9th/.exec(line) ?? []
    if (Number(sent) === records)
      return { rate: Number(rate), startedAtMs: Date.now() - (records / Number(rate)) * 1000 }
  }
  throw new Error("Kafka's producer ended without its total")
}

/** As config/server.properties of Kafka's archive has it, on loopback. */
const serverProperties = (port: number, controllerPort: number, data: string) => `
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controllerPort}
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}
advertised.listeners=PLAINTEXT://127.0.0.1:${port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs=${data}
num.network.threads=3
num.io.threads=8
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
`

/** kafka-run-class.sh's. */
const performanceOptions = [
  ...['-server', '-XX:+UseG1GC', '-XX:MaxGCPauseMillis=20', '-XX:InitiatingHeapOccupancyPercent=35'],
  ...['-XX:+ExplicitGCInvokesConcurrent', '-Djava.awt.headless=true'],
]
const brokerOptions = [...performanceOptions, '-Xmx1G', '-Xms1G']
const toolOptions = [...performanceOptions, '-Xmx512M']

function start(started: ChildProcess[], jvm: readonly string[], mainClass: string, args: readonly string[]) {
  const child = spawn('java', [...jvm, '-cp', classpath(), mainClass, ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  started.push(child)
  return child
}

function run(mainClass: string, args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync('java', ['-cp', classpath(), mainClass, ...args], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${mainClass} failed: ${stdout}${stderr}`)
}

function classpath(): string {
  const found = classpathOf('kafka')
  if (found === undefined) throw new Error('Kafka is not built: call missingKafka first')
  return found
}

async function linesOf(child: ChildProcess): Promise<string[]> {
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout! })) lines.push(line)
  return lines
}

async function untilItListens(port: number, broker: ChildProcess): Promise<void> {
  broker.stdout!.resume()
  const deadline = performance.now() + startWithinMs
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (isOpen) return
    if (broker.exitCode !== null || performance.now() > deadline) throw new Error('the Kafka broker did not start')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
