import type { LogPart } from '../storage/embedded/inspection.ts'
import type { InspectReport, LogContents, StreamContents } from './inspect.ts'

/** A report for people, as lines. */
export function renderReport(report: InspectReport): string[] {
  const { directory, formatVersion, heldByPid, streams, otherLogs, segments, findings, isSound } = report
  const damaged = findings.filter(({ isDamage }) => isDamage).length
  const use = heldByPid === null ? '' : `, in use by process ${heldByPid}: this is how it was at one moment`
  return [
    `${directory}: format version ${formatVersion ?? 'unknown'}${use}`,
    '',
    count(streams.length, 'stream'),
    ...streams.flatMap(streamLines),
    ...(otherLogs.length > 0 ? ['', `${count(otherLogs.length, 'log')} of no stream`] : []),
    ...table(otherLogs.map((log) => ['  ', log.logId, ...contentCells(log)])),
    '',
    count(segments.length, 'segment'),
    ...table(
      segments.map(({ number, sizeBytes, parts, verdict, damage, index }) => {
        const entries = sum(parts, 'entryCount')
        const firstMs = Math.min(...parts.map((part) => part.firstMs))
        const lastMs = Math.max(...parts.map((part) => part.lastMs))
        return [
          `  ${String(number).padStart(10, '0')}`,
          bytes(sizeBytes),
          count(entries, 'record'),
          `of ${count(parts.length, 'log')}`,
          parts.length === 0 ? '' : `${time(firstMs)} to ${time(lastMs)}`,
          verdict === 'sound' ? 'CRC good' : `CRC BAD in ${count(damage.length, 'place')}`,
          index === 'good' ? '' : `index ${index}`,
          sealed(sum(parts, 'sealedCount'), sum(parts, 'blockCount')),
        ]
      }),
    ),
    ...(findings.length > 0 ? [''] : []),
    ...findings.map(({ isDamage, message }) => `${isDamage ? 'DAMAGE' : 'note'}: ${message}`),
    '',
    isSound
      ? 'Sound: every record is whole, and nothing is missing.'
      : `Not sound: ${count(damaged, 'finding')} of damage.`,
  ]
}

function streamLines({ name, id, status, mode, retentionHours, consumers, shards }: StreamContents): string[] {
  const told = consumers.length === 0 ? '' : `, consumers ${consumers.join(', ')}`
  return [
    `  ${name}: ${status}, ${mode}, ${count(shards.length, 'shard')}, kept ${retentionHours} h, id ${id}${told}`,
    ...table(shards.map((shard) => ['   ', shard.shardId, shard.isOpen ? 'open' : 'closed', ...contentCells(shard)])),
  ]
}

function contentCells({
  entryCount,
  sizeBytes,
  firstOffset,
  endOffset,
  firstAt,
  lastAt,
  segments,
  trimmedTo,
  runCount,
  sealedCount,
}: LogContents) {
  if (firstOffset === null || endOffset === null || firstAt === null || lastAt === null) return ['empty']
  return [
    count(entryCount, 'record'),
    bytes(sizeBytes),
    `offsets ${firstOffset} to ${endOffset - 1}`,
    `${firstAt} to ${lastAt}`,
    `in ${segments.length === 1 ? 'segment' : 'segments'} ${ranges(segments)}`,
    trimmedTo > 0 ? `trimmed to ${trimmedTo}` : '',
    sealed(sealedCount, runCount),
  ]
}

/** What was put by one call lies there sealed or not. */
const sealed = (n: number, of: number) => (n === 0 ? '' : `${n === of ? 'all' : n} of ${count(of, 'put')} sealed`)

const sum = (parts: readonly LogPart[], what: 'entryCount' | 'blockCount' | 'sealedCount') =>
  parts.reduce((total, part) => total + part[what], 0)

const count = (n: number, thing: string) => `${n.toLocaleString('en-US')} ${thing}${n === 1 ? '' : 's'}`

const time = (ms: number) => new Date(ms).toISOString()

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

function bytes(n: number): string {
  let unit = 0
  let left = n
  while (left >= 1024 && unit < units.length - 1) {
    left /= 1024
    unit++
  }
  return `${unit === 0 ? left : left.toFixed(1)} ${units[unit]}`
}

/** 1, 2, 3, 7 → 1-3, 7 */
function ranges(numbers: readonly number[]): string {
  const found: [number, number][] = []
  for (const number of numbers) {
    const last = found.at(-1)
    if (last && last[1] + 1 === number) last[1] = number
    else found.push([number, number])
  }
  return found.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ')
}

/** Columns one below the other. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length)
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd(),
  )
}
