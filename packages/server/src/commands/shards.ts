import { parseArgs } from 'node:util'
import { refusedOptions } from '../option-values.ts'
import type { Output } from './command.ts'

/** What a stream must carry. */
export type Workload = {
  /** Average size of a record, key and data, in KiB; counted rounded up to whole KiB, as AWS does. */
  readonly recordKib: number
  readonly recordsPerSecond: number
  /** Programs that each read all records by GetRecords. */
  readonly consumers: number
  /** Share of the records that have the most frequent partition key. */
  readonly hottestKeyPercent?: number | undefined
}

export type Sizing = {
  /** Shards for a provisioned stream. */
  readonly shards: number
  readonly countedRecordKib: number
  readonly incomingKibPerSecond: number
  readonly outgoingKibPerSecond: number
  /** What each of the limits asks for, not rounded. */
  readonly byIncoming: number
  readonly byOutgoing: number
  readonly byRecords: number
  /** Shards if all consumers used enhanced fan-out, so that reading does not count. */
  readonly shardsWithFanOut: number
  /** What the most frequent key alone asks of one shard, if its share is known: above 1 it cannot fit. */
  readonly hottestKeyShards: number | undefined
}

const shardKibInPerSecond = 1024
const shardKibOutPerSecond = 2048
const shardRecordsInPerSecond = 1000

/** AWS's formula: the shards that writing needs and that reading needs, whichever is more; and 1,000 records/s each. */
export function sizeShards({ recordKib, recordsPerSecond, consumers, hottestKeyPercent }: Workload): Sizing {
  const countedRecordKib = Math.ceil(recordKib)
  const incomingKibPerSecond = countedRecordKib * recordsPerSecond
  const outgoingKibPerSecond = incomingKibPerSecond * consumers
  const byIncoming = incomingKibPerSecond / shardKibInPerSecond
  const byOutgoing = outgoingKibPerSecond / shardKibOutPerSecond
  const byRecords = recordsPerSecond / shardRecordsInPerSecond
  const writing = Math.max(byIncoming, byRecords)
  return {
    shards: Math.max(1, Math.ceil(Math.max(writing, byOutgoing))),
    countedRecordKib,
    incomingKibPerSecond,
    outgoingKibPerSecond,
    byIncoming,
    byOutgoing,
    byRecords,
    shardsWithFanOut: Math.max(1, Math.ceil(writing)),
    hottestKeyShards: hottestKeyPercent === undefined ? undefined : (writing * hottestKeyPercent) / 100,
  }
}

/** The number and how it came about, as lines. */
function renderSizing(workload: Workload, sizing: Sizing): string[] {
  const { recordKib, recordsPerSecond, consumers, hottestKeyPercent } = workload
  const { countedRecordKib, incomingKibPerSecond, outgoingKibPerSecond, shards, hottestKeyShards } = sizing
  const lines = [
    `${shards} ${shards === 1 ? 'shard' : 'shards'}`,
    '',
    `average record      ${show(recordKib)} KiB, counted as ${show(countedRecordKib)} KiB`,
    `incoming            ${show(countedRecordKib)} KiB x ${show(recordsPerSecond)} records/s = ${show(incomingKibPerSecond)} KiB/s`,
    `outgoing            ${show(incomingKibPerSecond)} KiB/s x ${show(consumers)} ${plural(consumers, 'consumer')} = ${show(outgoingKibPerSecond)} KiB/s`,
    `for incoming bytes  ${show(incomingKibPerSecond)} / ${shardKibInPerSecond} = ${show(sizing.byIncoming)}`,
    `for outgoing bytes  ${show(outgoingKibPerSecond)} / ${shardKibOutPerSecond} = ${show(sizing.byOutgoing)}`,
    `for records         ${show(recordsPerSecond)} / ${shardRecordsInPerSecond} = ${show(sizing.byRecords)}`,
    `the largest of these, rounded up: ${shards}`,
  ]
  if (sizing.shardsWithFanOut < shards)
    lines.push(
      '',
      `Reading decides here. With enhanced fan-out (RegisterStreamConsumer, SubscribeToShard) each consumer has its own ` +
        `2 MiB/s of each shard: then ${sizing.shardsWithFanOut} would do.`,
    )
  if (hottestKeyShards !== undefined && hottestKeyShards > 1)
    lines.push(
      '',
      `Warning: all records of one partition key go to one shard, and the key with ${show(hottestKeyPercent!)} % of the ` +
        `records would need ${show(hottestKeyShards)} shards. More shards do not help. Spread it: add a suffix to the ` +
        'key (airport#0 … airport#7) where order over the whole key is not needed, choose a finer key, or pack small ' +
        'records together (aggregation).',
    )
  else if (hottestKeyShards !== undefined)
    lines.push('', `The hottest key fills ${show(hottestKeyShards * 100)} % of its shard.`)
  return lines
}

/** Prints how many shards a workload needs. Returns the exit code: 2 for a wrong value, told in one line. */
export async function shardsCommand(args: readonly string[], out: Output, err: Output): Promise<number> {
  let workload: Workload | 'help'
  try {
    workload = readWorkload(args)
  } catch (error) {
    err.write(`millrace shards: ${refusedOptions(error, 'millrace shards --help')}\n`)
    return 2
  }
  const lines = workload === 'help' ? help : renderSizing(workload, sizeShards(workload))
  out.write(`${lines.join('\n')}\n`)
  return 0
}

const help = [
  'millrace shards: how many shards a provisioned stream needs',
  '',
  'Usage: millrace shards --record-kib N --records-per-second N --consumers N [--hottest-key-percent N]',
  '',
  '  --record-kib N            average size of a record (key and data), in KiB; counted rounded up to whole KiB',
  '  --records-per-second N    records put each second, over the whole stream',
  '  --consumers N             programs that each read all records by GetRecords (0 if all use enhanced fan-out)',
  '  --hottest-key-percent N   share of the records with the most frequent partition key, 0 to 100; with it, a key',
  '                            that is too hot for one shard is warned of',
  '',
  'A shard takes 1,024 KiB/s and 1,000 records/s, and gives 2,048 KiB/s to all GetRecords readers together.',
]

/** @throws Error with one line that names the option */
function readWorkload(args: readonly string[]): Workload | 'help' {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...args],
    options: {
      'record-kib': text,
      'records-per-second': text,
      consumers: text,
      'hottest-key-percent': text,
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) return 'help'
  const percent = values['hottest-key-percent']
  return {
    recordKib: number('record-kib', values['record-kib'], { above: 0, max: 10 * 1024 }),
    recordsPerSecond: number('records-per-second', values['records-per-second'], { above: 0, max: 1e12 }),
    consumers: number('consumers', values.consumers, { min: 0, max: 1e6, whole: true }),
    hottestKeyPercent: percent === undefined ? undefined : number('hottest-key-percent', percent, { min: 0, max: 100 }),
  }
}

function number(
  option: string,
  text: string | undefined,
  { above, min, max, whole }: { above?: number; min?: number; max: number; whole?: boolean },
): number {
  if (text === undefined) throw new Error(`--${option} is missing; see millrace shards --help`)
  const value = /^(\d+(\.\d+)?|\.\d+)$/.test(text) ? Number(text) : Number.NaN
  const low = above === undefined ? value >= min! : value > above
  if (low && value <= max && (!whole || Number.isInteger(value))) return value
  const range = above === undefined ? `from ${min} to ${show(max)}` : `above ${above} and up to ${show(max)}`
  throw new Error(`--${option} must be a ${whole ? 'whole ' : ''}number ${range}, not "${text}"`)
}

const show = (value: number) => value.toLocaleString('en-US', { maximumFractionDigits: 2 })

const plural = (count: number, noun: string) => (count === 1 ? noun : `${noun}s`)
