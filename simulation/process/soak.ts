import { readdirSync, statSync } from 'node:fs'
import { Command } from '../../scripts/command-options.ts'
import { KinesisCaller } from './kinesis-caller.ts'
import { percentile } from './percentiles.ts'
import { ServerProcess, temporaryFolder } from './server-process.ts'
import { Arrivals, PacedWriters, recordBytes, recordsInPut } from './soak-load.ts'
import { followShard, pollShard } from './soak-readers.ts'
import { levels, type Sample } from './soak-samples.ts'
import { listShards, makeStream } from './stream-contents.ts'

const help = `npm run soak [-- OPTIONS]

The real server at 80 % of what this machine can put, for ten minutes, with readers of both kinds. The clock goes half a day
ahead every now and then, so that retention deletes what was put a moment ago: space and memory must level off, handles too,
and each record must be read once and in order.

  --minutes N   10 unless said otherwise
  --share N     of what the machine can put; 0.8 unless said otherwise
`

const command = new Command('npm run soak', help)
const { values } = command.read({
  options: { minutes: { type: 'string', default: '10' }, share: { type: 'string', default: '0.8' } },
})
const lastsMs = command.positive('minutes', values.minutes) * 60_000
const share = command.positive('share', values.share)

const streamName = 'soak'
const lanes = 8
const calibrationMs = 5000
const shiftMs = 12 * 3_600_000
const shiftEveryMs = Math.min(15_000, lastsMs / 12)
const lineEveryMs = 10_000
const sampleEveryMs = 1000
const segmentBytesMax = 8 * 1024 * 1024
const names = { residentBytes: 'memory', usedBytes: 'memory in use', handles: 'file handles', diskBytes: 'disk' }

const folder = temporaryFolder()
const server = await ServerProcess.start({
  data: `${folder.path}/data`,
  entry: 'movable',
  args: ['--segment-bytes', String(segmentBytesMax)],
})
const caller = new KinesisCaller(server.port)
let isOver = false
try {
  process.exitCode = (await soak()) ? 0 : 1
} finally {
  isOver = true
  caller.close()
  await server.kill()
  folder.remove()
}

/** True if all held. */
async function soak(): Promise<boolean> {
  await makeStream(caller, streamName, 4)
  const writers = new PacedWriters(caller, streamName, lanes)
  const polled = new Arrivals()
  const pushed = new Arrivals()
  let areWritersDone = false
  const shards = await listShards(caller, streamName)
  const consumerArn = await registerConsumer()
  const readers = Promise.all([
    ...shards.map(({ ShardId }) => pollShard(caller, streamName, ShardId, polled, () => areWritersDone || isOver)),
    followShard(server.port, consumerArn, shards[0]!.ShardId, pushed, () => areWritersDone || isOver),
  ])
  readers.catch(() => {}) // told below, when somebody waits for them
  const most = await writers.ratePerSecond(calibrationMs)
  const putsPerSecond = most * share
  print(`at most ${Math.round(most)} puts/s of ${recordsInPut} × ${recordBytes} B; held: ${Math.round(putsPerSecond)}`)
  print(
    `for ${values.minutes} minutes; every ${Math.round(shiftEveryMs / 1000)} s the clock goes half a day ahead (retention: a day)`,
  )
  print('     s  records/s   MB/s  put p99 ms  unread  memory MB  in use MB  handles  disk MB  segments')

  const samples: Sample[] = []
  const startMs = performance.now()
  const hasEnded = () => isOver || performance.now() - startMs >= lastsMs
  const watching = watch(samples, writers, polled, startMs, hasEnded)
  await Promise.race([writers.run(putsPerSecond, hasEnded), readers])
  areWritersDone = true
  await Promise.all([watching, readers])
  return verdict(samples, writers, polled, pushed)
}

async function registerConsumer(): Promise<string> {
  const StreamARN = `arn:aws:kinesis:us-east-1:000000000000:stream/${streamName}`
  const { Consumer } = await caller.call<{ Consumer: { ConsumerARN: string } }>('RegisterStreamConsumer', {
    StreamARN,
    ConsumerName: 'pushed',
  })
  for (;;) {
    const { ConsumerDescription } = await caller.call<{ ConsumerDescription: { ConsumerStatus: string } }>(
      'DescribeStreamConsumer',
      { ConsumerARN: Consumer.ConsumerARN },
    )
    if (ConsumerDescription.ConsumerStatus === 'ACTIVE') return Consumer.ConsumerARN
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** Moves the clock, takes samples, and prints a line for every ten seconds. */
async function watch(
  samples: Sample[],
  writers: PacedWriters,
  polled: Arrivals,
  startMs: number,
  hasEnded: () => boolean,
): Promise<void> {
  let shiftedMs = performance.now()
  let usedBytes = await server.usedBytes()
  let line = { atMs: performance.now(), records: writers.acknowledgedRecords, puts: writers.putMs.length }
  while (!hasEnded()) {
    await new Promise((resolve) => setTimeout(resolve, sampleEveryMs))
    const nowMs = performance.now()
    if (nowMs - shiftedMs >= shiftEveryMs) {
      shiftedMs = nowMs
      await server.shift(shiftMs)
    }
    const { bytes: diskBytes, segments } = diskUse()
    const sample = { residentBytes: server.residentBytes(), usedBytes, handles: server.openHandles(), diskBytes }
    samples.push({ atS: (nowMs - startMs) / 1000, ...sample })
    if (nowMs - line.atMs < lineEveryMs) continue
    usedBytes = await server.usedBytes()
    const recordsPerSecond = (writers.acknowledgedRecords - line.records) / ((nowMs - line.atMs) / 1000)
    const columns = [
      [Math.round((nowMs - startMs) / 1000), 6],
      [Math.round(recordsPerSecond), 11],
      [((recordsPerSecond * recordBytes) / 1e6).toFixed(1), 7],
      [percentile(writers.putMs.slice(line.puts), 0.99).toFixed(1), 12],
      [writers.acknowledgedRecords - polled.records, 8],
      [megabytes(sample.residentBytes), 11],
      [megabytes(usedBytes), 11],
      [sample.handles, 9],
      [megabytes(diskBytes), 9],
      [segments, 10],
    ] as const
    print(columns.map(([value, width]) => String(value).padStart(width)).join(''))
    writers.putMs.length = 0
    line = { atMs: nowMs, records: writers.acknowledgedRecords, puts: 0 }
  }
}

function diskUse(): { bytes: number; segments: number } {
  let bytes = 0
  let segments = 0
  for (const name of readdirSync(`${folder.path}/data/log`)) {
    bytes += statSync(`${folder.path}/data/log/${name}`, { throwIfNoEntry: false })?.size ?? 0
    if (name.endsWith('.segment')) segments++
  }
  return { bytes, segments }
}

function verdict(samples: readonly Sample[], writers: PacedWriters, polled: Arrivals, pushed: Arrivals): boolean {
  const unread = writers.acknowledgedRecords - polled.records
  const faults = [...polled.faults, ...pushed.faults]
  print(
    `acknowledged ${writers.acknowledgedRecords} records, of which GetRecords read ${polled.records}; SubscribeToShard was pushed ${pushed.records} of one shard`,
  )
  for (const fault of faults) print(`  ${fault}`)
  const all = levels(samples)
  for (const { name, before, after, isLevel } of all) {
    const shown = name === 'handles' ? [before, after] : [`${megabytes(before)} MB`, `${megabytes(after)} MB`]
    print(
      `${names[name]}: ${shown[0]} in the second third, ${shown[1]} in the last: ${isLevel ? 'level' : 'NOT LEVEL'}`,
    )
  }
  const isAllRead = unread === 0 && faults.length === 0 && pushed.records > 0
  print(isAllRead ? 'each acknowledged record was read once, in order' : `NOT READ: ${unread}`)
  return isAllRead && all.every(({ isLevel }) => isLevel)
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1024 / 1024)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
