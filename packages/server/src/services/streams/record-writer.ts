import type { Random } from '@millrace/ports'
import { type AwsError, internalFailure } from '../../core/aws-error.ts'
import type { Call } from '../../core/operation.ts'
import { KeyRefused } from '../../core/ports/keys.ts'
import type { RecordBatch } from '../../core/record-batch.ts'
import { LogClosed, LogNotFound, type LogRef, StorageBusy } from '../../storage/log.ts'
import type { StreamsContext } from './context.ts'
import { rateExceeded, streamNotFound } from './faults.ts'
import type { PutResults } from './put-results.ts'
import { countedBytes, encodeRecords } from './record-codec.ts'
import { ShardGrouping, type ShardGroups } from './shard-groups.ts'
import { logIdOf, type Shard, type Stream } from './stream.ts'
import { askKey, keyRefused } from './stream-keys.ts'
import type { StreamMetrics } from './stream-metrics.ts'

/** How long records whose shard was closed wait for the shards that take its place to open. */
const reroutingMsMax = 10_000

/** The stream that takes records; while it is being made there is nowhere to put any. @throws ResourceNotFoundException */
export function writableStream({ place, streams }: StreamsContext, name: string): Stream {
  const stream = streams.get(name)
  if (stream.status === 'CREATING') throw streamNotFound(name, place.accountId)
  return stream
}

/**
 * Writes records that were checked, each to the shard of its hash key: one append for each shard, all at once. When a
 * shard was closed meanwhile, its records wait for the shards that follow it. Those of one shard keep their order.
 * `results` gets what became of each record; one that is there already (a fault on purpose) keeps its record away.
 * @throws ResourceNotFoundException if the stream goes away meanwhile, KMS…Exception where its key may not be used
 */
export async function writeRecords(
  context: StreamsContext,
  writable: Stream,
  records: RecordBatch,
  results: PutResults,
  metrics: StreamMetrics,
  call: Pick<Call, 'signal'>,
): Promise<void> {
  const { clock } = context
  if (writable.encryption) {
    const asked = askKey(context, writable.encryption)
    if (asked) await asked
  }
  const untilMs = clock.monotonicMs() + reroutingMsMax
  let stream: Stream | undefined = writable
  let groups = admit(context, writable, records, results, metrics)
  for (;;) {
    const target: Stream = stream
    const left = await append(context, target, groups, records, results, metrics)
    if (left.length === 0) return
    stream = await nextVersion(context, target, untilMs - clock.monotonicMs(), call.signal)
    if (!stream) {
      for (const index of left) results.fail(index, internalFailure())
      return
    }
    groups = route(context, stream, records, left)
  }
}

/** Groups the records that the limits let in; the fate of the others is sealed. */
function admit(
  { clock, onDemand, place: { accountId }, random, throughput }: StreamsContext,
  stream: Stream,
  records: RecordBatch,
  results: PutResults,
  metrics: StreamMetrics,
): ShardGroups {
  const { openShards } = stream.shardMap
  const isAuto = stream.distributionStrategy === 'AUTO'
  const isOnDemand = stream.mode === 'ON_DEMAND'
  const grouping = new ShardGrouping(openShards.length, records.count)
  const throttled = new Map<Shard, number>()
  const nowMs = clock.monotonicMs()
  const byKey = isAuto ? undefined : stream.shardMap.placesForKeys(records)
  let turn = isAuto ? startingTurn(random, openShards.length) : 0
  for (let i = 0; i < records.count; i++) {
    if (results.isKnown(i)) continue
    const sizeBytes = records.sizeBytes(i)
    let place = byKey ? placeOf(stream, records, i, byKey) : turn++ % openShards.length
    let shard = openShards[place]!
    let isAdmitted = throughput.admitRecord(stream, shard, sizeBytes, nowMs)
    // Where the service chooses the shard, it chooses one that has room.
    for (let other = 1; !isAdmitted && isAuto && other < openShards.length; other++) {
      place = turn++ % openShards.length
      shard = openShards[place]!
      isAdmitted = throughput.admitRecord(stream, shard, sizeBytes, nowMs)
    }
    if (isAdmitted && (!isOnDemand || onDemand.admitRecord(stream, shard, sizeBytes))) {
      grouping.add(place, i)
      continue
    }
    results.fail(i, rateExceeded(shard, stream.name, accountId))
    throttled.set(shard, (throttled.get(shard) ?? 0) + 1)
  }
  for (const [shard, count] of throttled) metrics.writeThrottled(shard, count)
  return grouping.groups()
}

/** Groups records again after a change of the shards. They were admitted before: nothing is charged twice. */
function route({ random }: StreamsContext, stream: Stream, records: RecordBatch, indexes: number[]): ShardGroups {
  const { openShards } = stream.shardMap
  const isAuto = stream.distributionStrategy === 'AUTO'
  const grouping = new ShardGrouping(openShards.length, indexes.length)
  const byKey = isAuto ? undefined : stream.shardMap.placesForKeys(records)
  let turn = isAuto ? startingTurn(random, openShards.length) : 0
  for (const i of indexes) grouping.add(byKey ? placeOf(stream, records, i, byKey) : turn++ % openShards.length, i)
  return grouping.groups()
}

/** The place of a record's shard among the open ones: that of its key, if it names no hash key itself. */
function placeOf({ shardMap }: Stream, records: RecordBatch, i: number, byKey: Uint32Array): number {
  const explicit = records.explicitHashKey(i)
  return explicit === undefined ? byKey[i]! : shardMap.placeFor(BigInt(explicit))
}

/** AUTO deals records out in turn, from a shard that is another for each request. */
const startingTurn = (random: Random, shardCount: number) => {
  const [a, b] = random.bytes(2)
  return (a! * 256 + b!) % shardCount
}

/** Appends the records of all groups. Returns, in order, those that shards closed meanwhile did not take. */
async function append(
  context: StreamsContext,
  stream: Stream,
  groups: ShardGroups,
  records: RecordBatch,
  results: PutResults,
  metrics: StreamMetrics,
): Promise<number[]> {
  const { places, indexes, ends } = groups
  const { openShards } = stream.shardMap
  const batch = encodeRecords(records, indexes, stream.encryption !== undefined)
  const outcomes = await context.log.appendRuns({ batch, logs: logsAt(context, stream, places), ends })
  results.take(groups, stream.shardMap, outcomes)
  const left: number[] = []
  let taken = 0
  let sizeBytes = 0
  let start = 0
  for (let run = 0; run < places.length; run++) {
    const place = places[run]!
    const end = ends[run]!
    const error = outcomes.error(run)
    if (error instanceof LogClosed) left.push(...indexes.subarray(start, end))
    else if (error) {
      const shard = openShards[place]!
      const fate = fateOf(context, stream, shard, end - start, error)
      for (let i = start; i < end; i++) results.fail(indexes[i]!, fate)
      if (error instanceof StorageBusy) metrics.writeThrottled(shard, end - start)
    } else {
      const bytes = countedBytes(batch.positions[end]! - batch.positions[start]!, end - start)
      if (metrics.measuresShards) metrics.incomingToShard(openShards[place]!, end - start, bytes)
      taken += end - start
      sizeBytes += bytes
    }
    start = end
  }
  metrics.incoming(taken, sizeBytes)
  return left.sort((a, b) => a - b)
}

/** The logs of a stream's open shards, by place: each is looked up once for as long as the stream stays as it is. */
const foundLogs = new WeakMap<Stream, LogRef[]>()

function logsAt({ log }: StreamsContext, stream: Stream, places: Uint32Array): LogRef[] {
  let found = foundLogs.get(stream)
  if (!found) {
    found = []
    foundLogs.set(stream, found)
  }
  const logs: LogRef[] = []
  for (const place of places) {
    found[place] ??= log.find(logIdOf(stream, stream.shardMap.openShards[place]!.index))
    logs.push(found[place])
  }
  return logs
}

/** Why a shard did not take records. @throws ResourceNotFoundException if its stream is gone */
function fateOf(
  { logger, place, streams }: StreamsContext,
  stream: Stream,
  shard: Shard,
  recordCount: number,
  error: Error,
): AwsError {
  if (error instanceof KeyRefused) throw keyRefused(error, logger)
  // AWS has no word for a slow disk. This one is true, and makes every client wait and try again.
  if (error instanceof StorageBusy) return rateExceeded(shard, stream.name, place.accountId)
  // A stream's logs go before its name does.
  const newest = streams.find(stream.name)
  if (error instanceof LogNotFound && (newest?.id !== stream.id || newest.status === 'DELETING'))
    throw streamNotFound(stream.name, place.accountId)
  logger.log('error', 'a shard did not take records', { logId: logIdOf(stream, shard.index), recordCount, error })
  return internalFailure()
}

/**
 * The stream once it is another than `seen`; undefined when that takes longer than `withinMs`.
 * @throws ResourceNotFoundException if it is gone
 */
async function nextVersion(
  { clock, place, streams }: StreamsContext,
  seen: Stream,
  withinMs: number,
  signal: AbortSignal,
): Promise<Stream | undefined> {
  const newest = () => streams.find(seen.name)
  const changed = new AbortController()
  const stop = () => changed.abort()
  const unwatch = streams.watch((name) => name === seen.name && stop())
  signal.addEventListener('abort', stop, { once: true })
  if (newest() === seen && !signal.aborted && withinMs > 0) await clock.sleep(withinMs, changed.signal)
  unwatch()
  signal.removeEventListener('abort', stop)
  const stream = newest()
  if (stream?.id !== seen.id) throw streamNotFound(seen.name, place.accountId)
  return stream === seen ? undefined : stream
}
