import { spawnSync } from 'node:child_process'
import { createReadStream, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createGunzip } from 'node:zlib'
import { watchMemory } from './most-memory.ts'
import { buildLineProtocolPosts, type LineLoad } from './requests.ts'
import { isListening, peersFolder, start } from './servers.ts'
import { wrkCalls } from './wrk.ts'

/*
 * Telegraf beside Firehose: an agent that takes lines over HTTP and writes them into a file, compressed. It is built from
 * the Go module proxy with those plugins alone that are used here.
 */

const version = 'v1.37.2'
const plugins = ['inputs.http_listener_v2', 'outputs.file', 'parsers.influx', 'serializers.influx']
const folder = join(peersFolder, `telegraf-${version}`)
const program = join(folder, 'telegraf')

/** As Firehose's buffers in the same question: 5 MB or a second. */
const recordsInBatch = 5000
const flushSeconds = 1
/** What waits in memory for the file, in records; beyond it Telegraf drops the oldest. Its default is 10,000. */
const bufferRecordsMax = 100_000

/** A reason why Telegraf cannot be asked on this machine, or undefined. Builds it the first time, which takes minutes. */
export function missingTelegraf(): string | undefined {
  if (existsSync(program)) return undefined
  if (spawnSync('go', ['version'], { stdio: 'ignore' }).status !== 0) return 'this machine has no go'
  process.stderr.write(`Building Telegraf ${version} into benchmarks/.peers ...\n`)
  mkdirSync(folder, { recursive: true })
  const tags = ['custom', ...plugins].join(',')
  const { status } = spawnSync(
    'go',
    ['install', '-tags', tags, `github.com/influxdata/telegraf/cmd/telegraf@${version}`],
    { env: { ...process.env, GOBIN: folder, GOTOOLCHAIN: 'local' }, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  return status === 0 ? undefined : 'go could not build it'
}

export type ToFile = LineLoad & { readonly connections: number; readonly seconds: number }

export type ToFileFigures = {
  /** From the first request to the last write. */
  readonly recordsPerSecond: number
  readonly cpuMicrosecondsPerRecord: number
  readonly mostMemoryBytes: number
  /** Records that were answered with success, and that are not in the file. */
  readonly lost: number
}

/** Loads a fresh Telegraf for some seconds, and waits until its file does not grow any more. */
export async function telegrafToFile({ connections, seconds, ...load }: ToFile): Promise<ToFileFigures> {
  const output = mkdtempSync(join(tmpdir(), 'millrace-bench-telegraf-'))
  const file = join(output, 'lines.gz')
  const server = await start({
    name: 'Telegraf',
    command: (port, data) => {
      const path = join(data, 'telegraf.conf')
      writeFileSync(path, settings(port, file))
      return { program, args: ['--config', path, '--quiet'] }
    },
    isUp: isListening,
  })
  try {
    const requests = buildLineProtocolPosts(load)
    await wrkCalls(server.port, { requests, connections }, 1)
    await untilWritten(file)
    const linesBefore = await countLines(file)
    const memory = watchMemory(server)
    const [startedMs, cpuMs] = [Date.now(), server.cpuMs()]
    const { calls } = await wrkCalls(server.port, { requests, connections }, seconds)
    const endedMs = await untilWritten(file)
    const usedMs = server.cpuMs() - cpuMs
    const mostMemoryBytes = memory.most()
    const records = (await countLines(file)) - linesBefore
    return {
      recordsPerSecond: (records / (endedMs - startedMs)) * 1000,
      cpuMicrosecondsPerRecord: (usedMs * 1000) / records,
      mostMemoryBytes,
      lost: Math.max(0, calls * load.recordsInCall - records),
    }
  } finally {
    await server.stop()
    rmSync(output, { recursive: true, force: true })
  }
}

/** Line protocol in and out, a GZIP member for each batch; level 1, which is Firehose's here, too. */
const settings = (port: number, file: string) => `
[agent]
  flush_interval = "${flushSeconds}s"
  metric_batch_size = ${recordsInBatch}
  metric_buffer_limit = ${bufferRecordsMax}
  omit_hostname = true
[[inputs.http_listener_v2]]
  service_address = "tcp://127.0.0.1:${port}"
  paths = ["/"]
  data_format = "influx"
[[outputs.file]]
  files = ["${file}"]
  use_batch_format = true
  compression_algorithm = "gzip"
  compression_level = 1
  data_format = "influx"
`

/** Resolves when nothing was written for longer than it may wait. @returns when the last was, in milliseconds since 1970 */
async function untilWritten(file: string): Promise<number> {
  for (;;) {
    const writtenMs = existsSync(file) ? statSync(file).mtimeMs : Date.now()
    if (Date.now() - writtenMs > 3 * flushSeconds * 1000) return writtenMs
    await sleep(50)
  }
}

async function countLines(file: string): Promise<number> {
  let lines = 0
  for await (const chunk of createReadStream(file).pipe(createGunzip()) as AsyncIterable<Buffer>)
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines += 1
  return lines
}
