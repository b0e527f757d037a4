import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { refusedOptions } from '../option-values.ts'
import { decodeStream, isOpen, logIdOf, type Stream, shardIdOf } from '../services/streams/stream.ts'
import { DataFolderError } from '../storage/embedded/data-folder.ts'
import { nodeFileSystem } from '../storage/embedded/file-system.ts'
import {
  type Finding,
  type FolderInspection,
  type InspectedLog,
  type InspectedSegment,
  inspectFolder,
  type LogPart,
  type Progress,
} from '../storage/embedded/inspection.ts'
import type { Output } from './command.ts'
import { renderReport } from './inspect-report.ts'

/** What is on the disk of a log: offsets and times of the first and last whole entry, sums, and where it lies. */
export type LogContents = {
  readonly logId: string
  readonly entryCount: number
  readonly sizeBytes: number
  /** How many times something was put, and how many of these lie there sealed. */
  readonly runCount: number
  readonly sealedCount: number
  /** What is before it was trimmed. */
  readonly trimmedTo: number
  readonly firstOffset: number | null
  readonly endOffset: number | null
  readonly firstAt: string | null
  readonly lastAt: string | null
  readonly segments: readonly number[]
}

export type ShardContents = LogContents & { readonly shardId: string; readonly isOpen: boolean }

export type StreamContents = {
  readonly name: string
  readonly id: string
  readonly status: string
  readonly mode: string
  readonly retentionHours: number
  readonly consumers: readonly string[]
  readonly shards: readonly ShardContents[]
}

/** What `--json` prints. */
export type InspectReport = {
  readonly directory: string
  readonly formatVersion: number | null
  readonly heldByPid: number | null
  readonly isSound: boolean
  readonly streams: readonly StreamContents[]
  /** Logs of no stream that the catalog names. */
  readonly otherLogs: readonly LogContents[]
  readonly segments: readonly (InspectedSegment & { readonly verdict: 'sound' | 'damaged' })[]
  readonly findings: readonly Finding[]
}

/**
 * Prints what a data folder holds, and whether it is sound. Changes nothing. Returns the exit code: 0 if it is sound,
 * 1 if something is damaged, 2 for a wrong option or a folder that is none.
 */
export async function inspectCommand(args: readonly string[], out: Output, err: Output): Promise<number> {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    })
    if (values.help) {
      out.write(`${help.join('\n')}\n`)
      return 0
    }
    const [folder, ...more] = positionals
    if (folder === undefined || more.length > 0)
      throw new DataFolderError('give one data folder; see millrace inspect --help')
    const bar = err.isTTY ? new ProgressBar(err) : undefined
    const found = await inspectFolder(nodeFileSystem, resolve(folder), bar?.show)
    bar?.clear()
    const report = reportOf(found)
    out.write(values.json ? `${JSON.stringify(report, undefined, 2)}\n` : `${renderReport(report).join('\n')}\n`)
    return report.isSound ? 0 : 1
  } catch (error) {
    if (!(error instanceof DataFolderError) && !isWrongOption(error)) throw error
    err.write(`millrace inspect: ${refusedOptions(error, 'millrace inspect --help')}\n`)
    return 2
  }
}

const isWrongOption = (error: unknown) => String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS')

const help = [
  'millrace inspect: what a data folder holds, and whether it is sound',
  '',
  'Usage: millrace inspect DIR [--json]',
  '',
  'Reads every byte and changes nothing: also while a server uses the folder, and when none would start on it.',
  '',
  '  --json   the same as JSON, for programs',
  '',
  'Exit code: 0 when all is sound, 1 when something is damaged or missing, 2 when DIR is not a data folder.',
]

/** Streams and their shards beside what the segments hold of them. */
function reportOf(found: FolderInspection): InspectReport {
  const { directory, formatVersion, heldByPid, catalog, logs, segments } = found
  const findings = [...found.findings]
  const contents = new Map(logs.map((log) => [log.logId, contentsOf(log, segments)]))
  const streams: StreamContents[] = []
  for (const { key, value } of catalog.values()) {
    if (!key.startsWith('stream/')) continue
    try {
      const stream = decodeStream(value)
      const consumers = namesBelow(catalog.keys(), `consumer/${stream.id}/`)
      streams.push({ ...streamOf(stream, contents), consumers })
    } catch {
      findings.push({ isDamage: true, message: `the catalog's value of ${key} cannot be understood` })
    }
  }
  return {
    directory,
    formatVersion: formatVersion ?? null,
    heldByPid: heldByPid ?? null,
    isSound: !findings.some(({ isDamage }) => isDamage),
    streams: streams.sort((a, b) => (a.name < b.name ? -1 : 1)),
    otherLogs: [...contents.values()],
    segments: segments.map((segment) => ({ ...segment, verdict: segment.damage.length > 0 ? 'damaged' : 'sound' })),
    findings,
  }
}

/** A stream; the contents of its shards are taken out of `contents`. */
function streamOf(stream: Stream, contents: Map<string, LogContents>): Omit<StreamContents, 'consumers'> {
  const { name, id, status, mode, retentionHours } = stream
  const shards = stream.shards.map((shard) => {
    const logId = logIdOf(stream, shard.index)
    const held = contents.get(logId) ?? { ...nothing, logId }
    contents.delete(logId)
    return { shardId: shardIdOf(shard.index), isOpen: isOpen(shard), ...held }
  })
  return { name, id, status, mode, retentionHours, shards }
}

const nothing: Omit<LogContents, 'logId'> = {
  entryCount: 0,
  sizeBytes: 0,
  runCount: 0,
  sealedCount: 0,
  trimmedTo: 0,
  firstOffset: null,
  endOffset: null,
  firstAt: null,
  lastAt: null,
  segments: [],
}

function contentsOf({ logId, number, meta }: InspectedLog, segments: readonly InspectedSegment[]): LogContents {
  const parts: LogPart[] = []
  const within: number[] = []
  for (const segment of segments)
    for (const part of segment.parts)
      if (part.logNumber === number) {
        parts.push(part)
        within.push(segment.number)
      }
  const first = parts[0]
  const last = parts.at(-1)
  return {
    ...nothing,
    logId,
    trimmedTo: meta.start,
    entryCount: parts.reduce((sum, { entryCount }) => sum + entryCount, 0),
    sizeBytes: parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    runCount: parts.reduce((sum, { blockCount }) => sum + blockCount, 0),
    sealedCount: parts.reduce((sum, { sealedCount }) => sum + sealedCount, 0),
    ...(first && last && { firstOffset: first.firstOffset, endOffset: last.endOffset }),
    ...(first && last && { firstAt: timeOf(first.firstMs), lastAt: timeOf(last.lastMs) }),
    segments: within,
  }
}

const timeOf = (ms: number) => new Date(ms).toISOString()

function namesBelow(keys: Iterable<string>, prefix: string): string[] {
  return [...keys].filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length))
}

const barLength = 30

/** One line on a terminal that fills up. */
class ProgressBar {
  readonly #err: Output
  #shown = ''

  constructor(err: Output) {
    this.#err = err
  }

  readonly show: Progress = (doneBytes, totalBytes) => {
    const part = totalBytes === 0 ? 1 : doneBytes / totalBytes
    const full = Math.round(part * barLength)
    const bar = '#'.repeat(full) + '.'.repeat(barLength - full)
    const text = `[${bar}] ${Math.round(100 * part)} % of ${Math.ceil(totalBytes / 2 ** 20)} MiB`
    if (text === this.#shown) return
    this.#shown = text
    this.#err.write(`\r${text}`)
  }

  clear(): void {
    this.#err.write('\r\u001b[K')
  }
}
