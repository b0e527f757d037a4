import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { systemClock } from '@millrace/ports'
import { openEmbedded } from '../packages/server/src/storage/embedded/open.ts'
import { type Batch, batchOf, entryCount, type RecordLog } from '../packages/server/src/storage/log.ts'

/*
 * Growth with data, asked of the engine by itself: does it write as fast, open as quickly and find a place as soon when
 * it retains 20 GB as when it retains nothing? Not a part of `npm run bench`: all of it goes to the disk first.
 *
 *   node benchmarks/retained.ts [--gigabytes 20] [--entries 125] [--directory DIR]
 *
 * `--entries` is how many entries of 100 B a batch has: with 1 there are as many blocks, and rows of indexes, as can be.
 */

const { values: options } = parseArgs({
  options: {
    gigabytes: { type: 'string', default: '20' },
    entries: { type: 'string', default: '125' },
    directory: { type: 'string', default: tmpdir() },
    part: { type: 'string', default: 'all' }, // what a process of its own does: fill, open
  },
})

const entryBytes = 100
const logIds = ['a', 'b', 'c', 'd']
const writers = 64
const gigabyte = 1e9
/** What is written for each measurement of the rate, and how often. */
const probeBytes = 256e6
const probes = 5
const lookups = 500
const readBytes = 500e6

const gigabytes = Number(options.gigabytes)
if (options.part === 'fill') await fill(options.directory)
else if (options.part === 'open') await measureOpened(options.directory)
else {
  const directory = mkdtempSync(join(options.directory, 'millrace-retained-'))
  try {
    run('fill', directory) // ends without a close, as by kill -9
    console.log('opened after a crash')
    run('open', directory)
    console.log('opened after a close')
    run('open', directory)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function run(part: string, directory: string): void {
  const { gigabytes, entries } = options
  const passed = ['--part', part, '--directory', directory, '--gigabytes', gigabytes, '--entries', entries]
  const { status } = spawnSync(process.execPath, [import.meta.filename, ...passed], { stdio: 'inherit' })
  if (status !== 0) throw new Error(`${part} ended with ${status}`)
}

async function fill(directory: string): Promise<never> {
  const { log } = await open(directory)
  for (const id of logIds) await log.create(id, { retentionMs: 365 * 86_400_000 })
  const batch = batchOf(Array.from({ length: Number(options.entries) }, (_, i) => Buffer.alloc(entryBytes, i)))
  let written = 0
  written += await put(log, batch, probeBytes) // to warm up
  for (const target of [...new Set([0, 1, gigabytes])].filter((size) => size <= gigabytes)) {
    if (target * gigabyte > written) written += await put(log, batch, target * gigabyte - written)
    const rates: number[] = []
    for (let probe = 0; probe < probes; probe++) {
      const startMs = performance.now()
      written += await put(log, batch, probeBytes)
      rates.push(probeBytes / entryBytes / ((performance.now() - startMs) / 1000))
    }
    tell(`put with ${target} GB retained, median of ${probes}`, percentile(rates, 0.5), 'records/s')
  }
  tell('memory while it writes', process.memoryUsage.rss() / 1e6, 'MB')
  process.exit(0)
}

/** Writes so many bytes of entries, from many writers at once. Resolves with how many it were. */
async function put(log: RecordLog, batch: Batch, bytes: number): Promise<number> {
  let begun = 0
  const write = async (writer: number) => {
    while (begun < bytes) {
      begun += batch.bytes.byteLength
      await log.append(logIds[writer % logIds.length]!, batch)
    }
  }
  await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)))
  return begun
}

async function measureOpened(directory: string): Promise<void> {
  const startMs = performance.now()
  const { log, close } = await open(directory)
  tell('opening', performance.now() - startMs, 'ms')
  tell('memory when open', process.memoryUsage.rss() / 1e6, 'MB')

  const { start, end } = await log.bounds('a')
  const one = { bytesMax: 1, entriesMax: 1 }
  const [firstMs, lastMs] = [await timeAt(log, start), await timeAt(log, end - 1)]
  const byTime: number[] = []
  const byOffset: number[] = []
  for (let i = 0; i < lookups; i++) {
    const timestampMs = firstMs + ((lastMs - firstMs) * scattered(i)) / lookups
    byTime.push(await elapsedMs(() => log.offsetAt('b', timestampMs)))
    const offset = start + Math.floor(((end - start) * scattered(i)) / lookups)
    byOffset.push(await elapsedMs(() => log.read('a', offset, one)))
  }
  tellSpread('offset of a time, anywhere', byTime)
  tellSpread('first record from an offset, anywhere', byOffset)

  const readMs = performance.now()
  let read = 0
  for (let next = start; read < readBytes && next < end; ) {
    const blocks = await log.read('a', next, { bytesMax: 10e6, entriesMax: 10_000 })
    for (const block of blocks) read += block.bytes.byteLength
    const last = blocks.at(-1)!
    next = last.firstOffset + entryCount(last)
  }
  tell('reading from the oldest on', read / entryBytes / ((performance.now() - readMs) / 1000), 'records/s')
  tell('memory after reading', process.memoryUsage.rss() / 1e6, 'MB')
  await close()
}

async function open(directory: string) {
  const logger = { log: (...line: unknown[]) => console.error(...line) }
  return openEmbedded({ directory, durability: 'fsync', clock: systemClock, logger })
}

async function timeAt(log: RecordLog, offset: number): Promise<number> {
  const [block] = await log.read('a', offset, { bytesMax: 1, entriesMax: 1 })
  return block!.timestampMs
}

/** The numbers below `lookups`, each once, in an order that jumps. */
function scattered(i: number): number {
  return (i * 181) % lookups
}

async function elapsedMs(look: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now()
  await look()
  return performance.now() - startMs
}

function percentile(values: readonly number[], portion: number): number {
  return [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * portion))]!
}

function tellSpread(name: string, values: readonly number[]): void {
  for (const portion of [0.5, 0.99, 1]) tell(`${name}, p${portion * 100}`, percentile(values, portion), 'ms')
}

function tell(name: string, value: number, unit: string): void {
  const shown = value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2)
  console.log(`  ${name.padEnd(50)} ${shown.padStart(12)} ${unit}`)
}
