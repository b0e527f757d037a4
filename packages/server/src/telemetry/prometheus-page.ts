import type { Series } from './metric-store.ts'

/** What the process itself says: read when the page is asked for. */
export type ProcessFigures = {
  readonly residentBytes: number
  readonly uptimeS: number
  readonly droppedSeries: number
}

/**
 * The text exposition format, version 0.0.4. CloudWatch's `IncomingBytes` of a stream becomes
 *
 *   aws_kinesis_incoming_bytes_sum{stream_name="orders"} 1234
 *   aws_kinesis_incoming_bytes_count{stream_name="orders"} 12
 *
 * with a `_last` gauge for what is a state rather than an amount (ages and latencies, in milliseconds).
 */
export function prometheusPage(series: Iterable<Readonly<Series>>, figures: ProcessFigures): string {
  const families = Map.groupBy(series, ({ metric }) => `aws_kinesis_${snakeCase(metric)}`)
  const lines: string[] = []
  for (const [name, members] of [...families].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const isState = members[0]!.unit === 'Milliseconds'
    lines.push(`# TYPE ${name} summary`)
    for (const { dimensions, sum, count } of members) {
      const labels = labelsOf(dimensions)
      lines.push(`${name}_sum${labels} ${sum}`, `${name}_count${labels} ${count}`)
    }
    if (isState) {
      lines.push(`# TYPE ${name}_last gauge`)
      for (const { dimensions, last } of members) lines.push(`${name}_last${labelsOf(dimensions)} ${last}`)
    }
  }
  lines.push(
    '# TYPE process_resident_memory_bytes gauge',
    `process_resident_memory_bytes ${figures.residentBytes}`,
    '# TYPE millrace_uptime_seconds gauge',
    `millrace_uptime_seconds ${figures.uptimeS.toFixed(3)}`,
    '# HELP millrace_metric_observations_dropped_total Observations of more series than are kept.',
    '# TYPE millrace_metric_observations_dropped_total counter',
    `millrace_metric_observations_dropped_total ${figures.droppedSeries}`,
  )
  return `${lines.join('\n')}\n`
}

/** `PutRecord.Success` → `put_record_success`, `ShardId` → `shard_id`. */
const snakeCase = (name: string) =>
  name
    .replace(/\./g, '_')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()

function labelsOf(dimensions: Readonly<Record<string, string>>): string {
  const labels = Object.entries(dimensions).map(([name, value]) => `${snakeCase(name)}="${escaped(value)}"`)
  return labels.length === 0 ? '' : `{${labels.join(',')}}`
}

const escaped = (value: string) => value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')
