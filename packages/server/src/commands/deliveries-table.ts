import type { DeliveryView } from '../services/firehose/delivery/delivery-view.ts'

/** What a server said, and when it was asked, on a clock that only goes forward. */
export type Look = { readonly atMs: number; readonly deliveries: readonly DeliveryView[] }

const titles = ['NAME', 'FROM', 'TO', 'IN/s', '', 'BUFFERED', '', 'OUT/s', 'BATCHES', 'WAITING', '', 'OLDEST', 'FAILED']
/** Names are read from the left, numbers from the right. */
const namesCount = 3
/** What a narrow terminal does without, first things first: batches, both ends, bytes. */
const dispensable = [8, 2, 1, 4, 6, 10]
const gap = '  '

/** Lines for people, none wider than the terminal. Rates are between the two looks. */
export function deliveriesTable(before: Look, now: Look, columns: number): string[] {
  if (now.deliveries.length === 0) return ['There are no delivery streams.']
  const seconds = (now.atMs - before.atMs) / 1000
  const earlier = new Map(before.deliveries.map((delivery) => [delivery.name, delivery]))
  const rows = now.deliveries.map((delivery) => rowOf(delivery, earlier.get(delivery.name), seconds))
  const widths = titles.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)))
  const shown = new Set(titles.keys())
  const width = () => [...shown].reduce((sum, i) => sum + widths[i]! + gap.length, -gap.length)
  for (const i of dispensable) if (width() > columns) shown.delete(i)
  const line = (cells: readonly string[]) =>
    [...shown]
      .map((i) => (i < namesCount ? cells[i]!.padEnd(widths[i]!) : cells[i]!.padStart(widths[i]!)))
      .join(gap)
      .trimEnd()
  const lines = [line(titles)]
  for (const [i, row] of rows.entries()) {
    lines.push(line(row))
    const { lastError } = now.deliveries[i]!
    if (lastError) {
      const at = new Date(lastError.atMs).toISOString().replace('T', ' ').slice(0, 19)
      lines.push(`  last error ${at}Z  ${lastError.code}: ${printable(lastError.message)}`)
    }
  }
  return lines.map((text) => (text.length > columns ? `${text.slice(0, columns - 1)}…` : text))
}

function rowOf(delivery: DeliveryView, earlier: DeliveryView | undefined, seconds: number): string[] {
  const { buffered, destination, failedRecords, name, oldestAgeMs, out, source, status, waiting } = delivery
  // After a restart of the server the sums begin anew.
  const rate = (sum: number, sumBefore = 0) =>
    earlier && seconds > 0 ? Math.max(0, sum - (sumBefore > sum ? 0 : sumBefore)) / seconds : 0
  return [
    status === 'ACTIVE' ? name : `${name} (${status})`,
    source.replace(/^.*:stream\//, 'stream '),
    printable(destination.name.replace(/^arn:[^:]*:s3:::/, 's3://')),
    number(rate(delivery.in.records, earlier?.in.records)),
    bytes(rate(delivery.in.bytes, earlier?.in.bytes)),
    number(buffered.records),
    `${bytes(buffered.bytes)}${buffered.partitions > 1 ? ` in ${number(buffered.partitions)}` : ''}`,
    number(rate(out.records, earlier?.out.records)),
    number(out.batches),
    waiting.records === undefined ? '' : number(waiting.records),
    waiting.behindMs === undefined
      ? waiting.bytes === undefined
        ? ''
        : `~${bytes(waiting.bytes)}`
      : age(waiting.behindMs),
    oldestAgeMs === undefined ? '-' : age(oldestAgeMs),
    number(failedRecords),
  ]
}

const number = (value: number) => Math.round(value).toLocaleString('en-US')

/** `1.2 MB`: powers of 1000, as disks and networks count. */
function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let [size, unit] = [value, 0]
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1000
    unit++
  }
  return `${size >= 99.5 || unit === 0 ? Math.round(size) : size.toPrecision(2)} ${units[unit]}`
}

function age(ms: number): string {
  const s = ms / 1000
  if (s < 10) return `${s.toFixed(1)} s`
  if (s < 120) return `${Math.round(s)} s`
  return s < 7200 ? `${Math.round(s / 60)} min` : `${(s / 3600).toFixed(1)} h`
}

/** What came from elsewhere may not steer the terminal. */
const printable = (text: string) => text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ')
