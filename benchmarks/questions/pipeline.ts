import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { kafkaPipeline } from '../kafka.ts'
import type { RoundRead } from '../pipeline-consumer.ts'
import type { PipelineStart, Round, RoundSent } from '../pipeline-producer.ts'
import { keyCount } from '../pipeline-records.ts'
import { atLeast, createStream, type Effort, type Question, ratioTo, type Values } from '../question.ts'

const rateTitle = 'Producer → server → consumer, user records of 100 B'

/**
 * For both clients, as docs/producer.md advises: the young generation holds what is under way, so that it is not copied into
 * the old one; and the megabytes of bodies do not make V8 look for garbage in all of its heap many times a second.
 */
const clientOptions = ['--max-semi-space-size=64', '--heap-growing-percent=400']

/**
 * The round that is measured follows one that is not, three times as long: a round has no more than some thousand requests, and
 * V8 compiles what each of them runs, in both clients and the server, only after as many.
 */
const warmUpRounds = 3

/** What must be reached; a round has as many records as that many would be in its time. */
const recordsPerSecond = 600_000

export const pipeline: Question = {
  name: 'pipeline',
  asks: 'User records of 100 B from our producer through a durable server to our consumer, which checks each; three processes, aggregated, 4 shards',
  figures: [
    {
      title: rateTitle,
      unit: 'records/s',
      better: 'more',
      must: [
        atLeast(rateTitle, recordsPerSecond, 'records/s'),
        ratioTo('Kafka', rateTitle, 1),
        ratioTo('Kafka with flush.messages=1', rateTitle, 1),
      ],
    },
    { title: "Pipeline: the producer's CPU time", unit: 'µs/record', better: 'less' },
    { title: "Pipeline: the server's CPU time", unit: 'µs/record', better: 'less' },
    { title: "Pipeline: the consumer's CPU time", unit: 'µs/record', better: 'less' },
  ],
  peers: [],
  elsewhere: { Kafka: byKafka('default'), 'Kafka with flush.messages=1': byKafka('every-message') },
  async measure(server, effort) {
    const start: PipelineStart = { port: server.port, streamName: 'pipeline', shardCount: 4 }
    await createStream(server.port, start.streamName, start.shardCount)
    const [consumer, producer] = [
      await started('pipeline-consumer.ts', start),
      await started('pipeline-producer.ts', start),
    ]
    try {
      await round(producer, consumer, warmUpRounds * effort.seconds)
      const cpuBeforeMs = server.cpuMs()
      const { sent, read, recordCount } = await round(producer, consumer, effort.seconds)
      const perRecord = (seconds: number) => (seconds * 1e6) / recordCount
      return [
        (recordCount / (read.endedMs - sent.startedMs)) * 1000,
        perRecord(sent.cpuSeconds),
        perRecord((server.cpuMs() - cpuBeforeMs) / 1000),
        perRecord(read.cpuSeconds),
      ]
    } finally {
      producer.disconnect()
      consumer.disconnect()
    }
  },
}

/**
 * Records of the same size through one broker, by Kafka's own producer and consumer of its performance tools. These have no
 * round before the one that is measured: so they get three times as many records, for their JVMs to become warm on.
 */
function byKafka(flush: 'default' | 'every-message') {
  return async ({ seconds }: Effort): Promise<Values> => {
    const records = 3 * seconds * recordsPerSecond
    const { recordsPerSecond: rate } = await kafkaPipeline({ records, recordBytes: 100, flush, partitions: 4 })
    return [rate, undefined, undefined, undefined]
  }
}

/** @throws Error when a record was lost, repeated, late or damaged */
async function round(producer: ChildProcess, consumer: ChildProcess, seconds: number) {
  const recordCount = Math.ceil((seconds * recordsPerSecond) / keyCount) * keyCount
  consumer.send({ recordCount } satisfies Round)
  producer.send({ recordCount } satisfies Round)
  const [sent, read] = await Promise.all([told<RoundSent>(producer), told<RoundRead>(consumer)])
  const fault = sent.fault ?? read.fault
  if (fault) throw new Error(fault)
  return { sent, read, recordCount }
}

async function started(file: string, start: PipelineStart): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, '..', file), { execArgv: clientOptions })
  const kill = () => child.kill('SIGKILL')
  process.on('exit', kill)
  child.on('exit', () => process.off('exit', kill))
  child.send(start)
  await told(child)
  return child
}

async function told<T>(child: ChildProcess): Promise<T> {
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('a process of the pipeline ended early')))
  const [message] = (await Promise.race([once(child, 'message'), ended])) as [T]
  return message
}
