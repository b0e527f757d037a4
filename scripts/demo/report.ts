import { createHash } from 'node:crypto'
import { type KinesisClient, ListShardsCommand, type Shard } from '@aws-sdk/client-kinesis'
import type { Split } from './hot-shards.ts'
import type { Ledger } from './ledger.ts'
import type { Producer } from './producer.ts'

const number = (value: number) => Math.round(value).toLocaleString('en')

/** The lines at the end: each shard, both readers, what was hot and what to do about it. */
export async function report(
  client: KinesisClient,
  streamName: string,
  { producer, readers, splits, tookMs }: Outcome,
): Promise<string[]> {
  const { Shards: shards = [] } = await client.send(new ListShardsCommand({ StreamName: streamName }))
  return [
    '',
    ...table(
      ['shard', 'records', 'throttled', 'hottest keys', ''],
      shards.map((shard) => shardRow(shard, producer, readers[0]!, splits)),
    ),
    '',
    ...table(
      ['reader', 'records', 'missing', 'twice', 'out of order', 'p50 ms', 'p99 ms'],
      readers.map((ledger) => readerRow(ledger)),
    ),
    '',
    ...advice(producer, splits),
    `${number(producer.total)} records in ${(tookMs / 1000).toFixed(1)} s: ${number(producer.total / (tookMs / 1000))} records/s, ${number(producer.calls)} calls of PutRecords.`,
  ]
}

export type Outcome = {
  readonly producer: Producer
  readonly readers: readonly Ledger[]
  readonly splits: readonly Split[]
  readonly tookMs: number
}

function shardRow(shard: Shard, producer: Producer, ledger: Ledger, splits: readonly Split[]): string[] {
  const id = shard.ShardId!
  const split = splits.find(({ shardId }) => shardId === id)
  const parent = shard.ParentShardId && `from ${shortId(shard.ParentShardId)}`
  return [
    shortId(id),
    number(ledger.countByShard.get(id) ?? 0),
    number(producer.throttlesByShard.get(id) ?? 0),
    hottestKeys(shard, producer),
    split ? `hot: split at ${(split.atMs / 1000).toFixed(0)} s` : (parent ?? ''),
  ]
}

/** The three keys of a shard with most events in the input. */
function hottestKeys({ HashKeyRange: range }: Shard, { countByKey }: Producer): string {
  const start = BigInt(range!.StartingHashKey!)
  const end = BigInt(range!.EndingHashKey!)
  return [...countByKey]
    .filter(([key]) => {
      const hashKey = BigInt(`0x${createHash('md5').update(key).digest('hex')}`)
      return hashKey >= start && hashKey <= end
    })
    .sort(([, a], [, b]) => b - a)
    .slice(0, 3)
    .map(([key, count]) => `${key} ${number(count)}`)
    .join(', ')
}

function readerRow(ledger: Ledger): string[] {
  const { name, count, missing, duplicates, outOfOrder } = ledger
  const [p50, p99] = [ledger.delayMs(0.5), ledger.delayMs(0.99)]
  return [name, number(count), number(missing), number(duplicates), number(outOfOrder), p50.toFixed(1), p99.toFixed(1)]
}

function advice({ throttles }: Producer, splits: readonly Split[]): string[] {
  if (throttles === 0)
    return [
      'Nothing was refused. With the limits on, a shard takes 1,000 records and 1 MiB a second: the fullest would be hot.',
    ]
  const lines = splits.map(
    ({ shardId, atMs, hottestKeys }) =>
      `Hot: ${shortId(shardId)} (${hottestKeys.join(', ')}): split live at ${(atMs / 1000).toFixed(0)} s, where its load halves.`,
  )
  return [
    ...lines,
    `${number(throttles)} records were refused (a shard takes 1,000 a second) and sent again, in order. What to do about a hot`,
    `shard: SplitShard between its hottest keys${splits.length > 0 ? ', as here' : ''}; UpdateShardCount if all are hot; a finer partition key if one`,
    'key alone is more than a shard takes; or on-demand mode, which splits by itself.',
  ]
}

const shortId = (shardId: string) => shardId.replace(/^shardId-0*(?=\d)/, 'shard ')

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)))
  const isNumeric = head.map((_, i) => rows.every((row) => /^[\d,.]+$/.test(row[i]!)))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (isNumeric[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd()
  return [line(head), widths.map((width) => '─'.repeat(width)).join('  '), ...rows.map(line)]
}
