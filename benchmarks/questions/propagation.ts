import { fork } from 'node:child_process'
import { once } from 'node:events'
import { type ClientHttp2Session, connect } from 'node:http2'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { atMost, createStream, type Effort, type Question, type Values } from '../question.ts'
import { contestant, type RunningServer, start } from '../servers.ts'
import type { Acknowledged, Delays, Subscription } from '../subscriber.ts'
import { call, streamed } from '../wire.ts'

const consumerCount = 10
const recordsInPut = 100
const putsPerSecond = 100
const dataBytes = 100

const p50Title = 'Fan-out to 10 consumers, 10,000 records/s, p50'
const p99Title = 'Fan-out to 10 consumers, 10,000 records/s, p99'
const bytesTitle = 'The same, until the bytes are in the process of the consumers'

export const propagation: Question = {
  name: 'propagation',
  asks: 'From the answer to a put until the AWS SDK gives the record to a consumer; 10 consumers, 100 puts of 100 a second',
  figures: [
    { title: p50Title, unit: 'ms', better: 'less', must: [atMost(p50Title, 5, 'ms')] },
    { title: p99Title, unit: 'ms', better: 'less', must: [atMost(p99Title, 20, 'ms')] },
    { title: "Fan-out to 10: the server's CPU time", unit: '% of a core', better: 'less' },
    { title: "Fan-out to 10: the consumers' CPU time, in the SDK", unit: '% of a core', better: 'less' },
    { title: `${bytesTitle}, p50`, unit: 'ms', better: 'less' },
    { title: `${bytesTitle}, p99`, unit: 'ms', better: 'less' },
  ],
  // Neither peer has SubscribeToShard.
  peers: [],
  async measure(server, effort) {
    await createStream(server.port, 'bench', 1)
    const consumerArns: string[] = []
    // One after the other: only five may be CREATING at one time.
    for (let i = 0; i < 2 * consumerCount; i++) consumerArns.push(await register(server.port, i))
    return answers(server, consumerArns, effort)
  },
  async roofline(effort) {
    const server = await start(contestant.bareFanOut())
    try {
      const consumerArns = Array.from({ length: 2 * consumerCount }, (_, i) => `${streamArn}/consumer/bench-${i}:1`)
      return await answers(server, consumerArns, effort)
    } finally {
      await server.stop()
    }
  },
}

const streamArn = 'arn:aws:kinesis:us-east-1:000000000000:stream/bench'

async function register(port: number, i: number): Promise<string> {
  type Description = { ConsumerARN: string; ConsumerStatus: string }
  const input = { StreamARN: streamArn, ConsumerName: `bench-${i}` }
  const { Consumer } = await call<{ Consumer: Description }>(port, 'RegisterStreamConsumer', input)
  const { ConsumerARN } = Consumer
  for (;;) {
    const { ConsumerDescription } = await call<{ ConsumerDescription: Description }>(port, 'DescribeStreamConsumer', {
      ConsumerARN,
    })
    if (ConsumerDescription.ConsumerStatus === 'ACTIVE') return ConsumerARN
    await sleep(20)
  }
}

async function answers(server: RunningServer, consumerArns: readonly string[], effort: Effort): Promise<Values> {
  // Others each time: a consumer may subscribe again only after five seconds.
  const [bySdk, byBytes] = [consumerArns.slice(consumerCount), consumerArns.slice(0, consumerCount)]
  const [p50, p99, serverShare, consumersShare] = await delays('sdk', server, bySdk, effort)
  const [bytesP50, bytesP99] = await delays('bytes', server, byBytes, effort)
  return [p50, p99, serverShare, consumersShare, bytesP50, bytesP99]
}

async function delays(
  by: Subscription['by'],
  server: RunningServer,
  consumerArns: readonly string[],
  effort: Effort,
): Promise<[number, number, number, number]> {
  const { port } = server
  const putCount = (effort.warmUpSeconds + effort.seconds) * putsPerSecond
  const child = fork(join(import.meta.dirname, '../subscriber.ts'))
  const kill = () => child.kill('SIGKILL')
  process.on('exit', kill)
  const session = connect(`http://127.0.0.1:${port}`)
  try {
    const ignoredPuts = effort.warmUpSeconds * putsPerSecond
    child.send({ by, port, consumerArns, recordCount: putCount * recordsInPut, ignoredPuts } satisfies Subscription)
    await once(child, 'message')
    const cpuBeforeMs = server.cpuMs()
    const acknowledgedAtMs = await putPaced(session, putCount)
    const told = once(child, 'message')
    child.send(acknowledgedAtMs)
    const ended = once(child, 'exit').then(() => Promise.reject(new Error('the subscriber ended without a result')))
    const [{ p50, p99, cpuSeconds }] = (await Promise.race([told, ended])) as [Delays]
    const share = (seconds: number) => (seconds / (putCount / putsPerSecond)) * 100
    return [p50, p99, share((server.cpuMs() - cpuBeforeMs) / 1000), share(cpuSeconds)]
  } finally {
    session.destroy()
    kill()
    process.off('exit', kill)
  }
}

/** Puts at the given times, however long an answer takes. @returns when each was answered */
async function putPaced(session: ClientHttp2Session, putCount: number): Promise<Acknowledged> {
  const startedAtMs = performance.now()
  const answers: Promise<number>[] = []
  for (let i = 0; i < putCount; i++) {
    const waitMs = startedAtMs + (i * 1000) / putsPerSecond - performance.now()
    if (waitMs > 0) await sleep(waitMs)
    answers.push(put(session, i))
  }
  return Promise.all(answers)
}

async function put(session: ClientHttp2Session, number: number): Promise<number> {
  const data = Buffer.alloc(dataBytes, 'x')
  data.writeUInt32BE(number)
  const Data = data.toString('base64')
  const Records = Array.from({ length: recordsInPut }, (_, i) => ({ Data, PartitionKey: `key-${number}-${i}` }))
  const stream = await streamed(session, 'PutRecords', { StreamName: 'bench', Records })
  const answeredAtMs = Number(process.hrtime.bigint()) / 1e6
  stream.resume()
  return answeredAtMs
}
