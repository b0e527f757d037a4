import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '@millrace/ports'
import type { FunctionInvoker } from '../../../core/ports/functions.ts'
import type { Outbound } from '../../../core/ports/outbound.ts'
import { openMemory } from '../../../storage/memory/open.ts'
import { type Death, firehoseIn, Life } from '../testing/crash-world.ts'
import { EndpointStandIn } from '../testing/endpoint-stand-in.ts'
import { backupBucket, FirehoseInMemory, type Kept } from '../testing/firehose-in-memory.ts'
import { HecStandIn } from '../testing/hec-stand-in.ts'
import { type Asked, outboundTo, type StandIn } from '../testing/stand-in-server.ts'
import { StreamInMemory } from '../testing/stream-in-memory.ts'

/*
 * A process that delivers ends, before or after each thing that it does to the world in turn, and another one goes on. Of
 * what was put nothing is lost; and what comes twice was in the last batch that the one which ended had brought there, or
 * where others may be sent meanwhile, in one of them.
 */

/** The ways out, each with what arrived there at once. */
type Arrival = { readonly way: 'delivered' | 'failed' | 'kept'; readonly names: readonly string[] }

type World = {
  readonly kept: Kept
  readonly arrivals: Arrival[]
  readonly outbound: Outbound
  readonly stream: StreamInMemory
}

type Case = {
  readonly name: string
  readonly settings: object
  readonly standIn?: () => StandIn & { texts(): string[] }
  /** So many records are put as one. @default 1 */
  readonly recordsAtOnce?: number
  /** They come by a Kinesis stream, in aggregates. */
  readonly isOfStream?: boolean
  readonly isTransformed?: boolean
  readonly isKept?: boolean
  /** Batches wait for their acknowledgments side by side. */
  readonly isAcknowledged?: boolean
  /** What comes again takes the place of what was there. */
  readonly isReplaced?: boolean
}

/** Each record is an object with a name and a partition: new ones begin while others wait. */
const recordOf = (n: number) => `{"n":"${n}","p":"${'abcd'[Math.floor(n / 3) % 4]}"}\n`
const namesOf = (text: string) => [...text.matchAll(/"n":"(\d+)"/g)].map(([, name]) => name!)
const isDropped = (name: string) => Number(name) % 7 === 3
const isFailed = (name: string) => Number(name) % 7 === 5

/** Drops some records, and fails others. */
const functions: FunctionInvoker = {
  async invoke(_, payload) {
    const { records } = JSON.parse(Buffer.from(payload).toString()) as { records: { recordId: string; data: string }[] }
    const answered = records.map(({ recordId, data }) => {
      const [name] = namesOf(Buffer.from(data, 'base64').toString())
      return { recordId, data, result: isDropped(name!) ? 'Dropped' : isFailed(name!) ? 'ProcessingFailed' : 'Ok' }
    })
    return { payload: Buffer.from(JSON.stringify({ records: answered })) }
  },
}

const processor = (Type: string, values: Readonly<Record<string, string>> = {}) => ({
  Type,
  Parameters: Object.entries(values).map(([ParameterName, ParameterValue]) => ({ ParameterName, ParameterValue })),
})
const lambda = processor('Lambda', {
  ...{
    LambdaArn: 'arn:aws:lambda:us-east-1:000000000000:function:f',
    BufferSizeInMBs: '1',
    BufferIntervalInSeconds: '1',
  },
})
const processing = (...Processors: object[]) => ({ ProcessingConfiguration: { Enabled: true, Processors } })
const hints = (IntervalInSeconds: number) => ({ BufferingHints: { SizeInMBs: 1, IntervalInSeconds } })
const bucketOf = (name: string, IntervalInSeconds: number) => ({
  ...{ RoleARN: backupBucket.RoleARN, BucketARN: `arn:aws:s3:::${name}`, ErrorOutputPrefix: 'errors/' },
  ...hints(IntervalInSeconds),
})
const s3 = (more: object = {}) => ({
  ExtendedS3DestinationConfiguration: { ...bucketOf('lake', 5), ...more },
})
const partitioned = (...more: object[]) => ({
  Prefix: 'p=!{partitionKeyFromQuery:p}/',
  ErrorOutputPrefix: 'errors/!{firehose:error-output-type}/',
  BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 60 },
  DynamicPartitioningConfiguration: { Enabled: true },
  ...processing(
    ...more,
    processor('MetadataExtraction', { MetadataExtractionQuery: '{p: .p}', JsonParsingEngine: 'JQ-1.6' }),
  ),
})
const toEndpoint = (more: object = {}) => ({
  HttpEndpointDestinationConfiguration: {
    EndpointConfiguration: { Url: 'https://endpoint.example/in', Name: 'here' },
    S3Configuration: bucketOf('backup', 61),
    ...hints(5),
    ...more,
  },
})
const endpoint = () => {
  const standIn = new EndpointStandIn({ path: '/in' })
  return Object.assign(standIn, { texts: () => standIn.taken.map(({ texts }) => texts.join('')) })
}
const splunkToken = '0a1b2c3d-1111-2222-3333-444455556666'
const toSplunk = (more: object = {}) => ({
  SplunkDestinationConfiguration: {
    ...{ HECEndpoint: 'https://splunk.example:8088', HECEndpointType: 'Raw', HECToken: splunkToken },
    S3Configuration: bucketOf('backup', 61),
    ...hints(5),
    ...more,
  },
})
const splunk = () => {
  const standIn = new HecStandIn(splunkToken)
  return { answer: (asked: Asked) => standIn.answer(asked), texts: () => standIn.texts }
}
/** A cluster that makes an id for each document. */
const search = () => {
  const texts: string[] = []
  return {
    answer({ body, path }: Asked) {
      assert.equal(path, '/_bulk')
      const lines = body.toString().trimEnd().split('\n')
      texts.push(lines.filter((_, i) => i % 2 === 1).join('\n'))
      const items = Array.from({ length: lines.length / 2 }, () => ({ index: { status: 201 } }))
      return { status: 200, body: JSON.stringify({ errors: false, items }) }
    },
    texts: () => texts,
  }
}
const toSearch = {
  AmazonopensearchserviceDestinationConfiguration: {
    ...{ RoleARN: backupBucket.RoleARN, ClusterEndpoint: 'https://search.example', IndexName: 'orders' },
    ...{ IndexRotationPeriod: 'NoRotation', DocumentIdOptions: { DefaultDocumentIdFormat: 'NO_DOCUMENT_ID' } },
    S3Configuration: bucketOf('backup', 61),
    ...hints(5),
  },
}
const cases: readonly Case[] = [
  { name: 'S3', settings: s3() },
  {
    name: 'S3 with a function that drops and fails, and a backup of all',
    settings: s3({
      ...processing(lambda),
      ...{ S3BackupMode: 'Enabled', S3BackupConfiguration: bucketOf('backup', 61) },
    }),
    ...{ isTransformed: true, isKept: true },
  },
  { name: 'partitions', settings: s3(partitioned()) },
  {
    name: 'partitions of records that are taken apart, with a function that drops and fails, and a backup of all',
    settings: s3({
      ...partitioned(processor('RecordDeAggregation', { SubRecordType: 'JSON' }), lambda),
      ...{ S3BackupMode: 'Enabled', S3BackupConfiguration: bucketOf('backup', 61) },
    }),
    ...{ recordsAtOnce: 3, isTransformed: true, isKept: true },
  },
  { name: 'an HTTP endpoint', settings: toEndpoint(), standIn: endpoint },
  {
    name: 'an HTTP endpoint with a function that drops and fails, and a backup of all',
    settings: toEndpoint({ S3BackupMode: 'AllData', ...processing(lambda) }),
    ...{ standIn: endpoint, isTransformed: true, isKept: true },
  },
  { name: 'Splunk', settings: toSplunk(), standIn: splunk, isAcknowledged: true },
  {
    name: 'Splunk with a function that drops and fails, and a backup of all',
    settings: toSplunk({ S3BackupMode: 'AllEvents', ...processing(lambda) }),
    ...{ standIn: splunk, isTransformed: true, isKept: true, isAcknowledged: true },
  },
  { name: 'a search cluster that makes document ids', settings: toSearch, standIn: search },
  {
    name: 'partitions of aggregates of a Kinesis stream',
    settings: s3(partitioned()),
    ...{ isOfStream: true, recordsAtOnce: 4 },
  },
  {
    name: 'Splunk, aggregates of a Kinesis stream',
    settings: toSplunk(),
    ...{ standIn: splunk, isAcknowledged: true, isOfStream: true, recordsAtOnce: 2 },
  },
]

/** A world with a delivery stream in it. */
async function worldOf({ isOfStream, settings, standIn: open }: Case): Promise<World> {
  const clock = new ManualClock()
  const arrivals: Arrival[] = []
  const objects = new (class extends Map<string, string> {
    override set(key: string, text: string): this {
      const way = key.includes('errors/') ? 'failed' : key.startsWith('backup/') ? 'kept' : 'delivered'
      const lines = way === 'failed' ? text.trim().split('\n') : []
      const raw = lines.map((line) => Buffer.from(JSON.parse(line).rawData, 'base64').toString()).join('')
      arrivals.push({ way, names: namesOf(way === 'failed' ? raw : text) })
      return super.set(key, text)
    }
  })()
  const kept = { clock, storage: openMemory({ clock }), objects }
  const standIn = open?.()
  const outbound = outboundTo({
    async answer(asked) {
      const before = standIn!.texts().length
      const answer = await standIn!.answer(asked)
      for (const text of standIn!.texts().slice(before)) arrivals.push({ way: 'delivered', names: namesOf(text) })
      return answer
    },
  })
  const stream = new StreamInMemory(clock)
  const maker = new FirehoseInMemory(outbound, kept, { functions, streams: stream.readerIn(new Life()) })
  const source = { KinesisStreamARN: stream.arn, RoleARN: backupBucket.RoleARN }
  await maker.create('d', {
    ...settings,
    ...(isOfStream && { DeliveryStreamType: 'KinesisStreamAsSource', KinesisStreamSourceConfiguration: source }),
  })
  await maker.stop()
  return { kept, arrivals, outbound, stream }
}

/** So many records are put, and then so long nothing happens: at first less than it takes to bring what was put before. */
const schedule = [
  ...([
    [4, 6000],
    [3, 6000],
    [2, 30_000],
    [5, 20_000],
    [2, 9000],
    [4, 40_000],
    [3, 70_000],
    [0, 100_000],
  ] as const),
]

/** Puts some, while a process delivers that may end; another one goes on. Returns the first life, and what came before its end. */
async function live(
  { kept, arrivals, outbound, stream }: World,
  { isOfStream, recordsAtOnce = 1 }: Case,
  death?: Death,
) {
  const open = (life: Life) => firehoseIn(life, kept, outbound, { functions, streams: stream.readerIn(life) })
  const first = new Life(death)
  let firehose = open(first)
  let before: number | undefined
  const goOn = () => {
    if (before !== undefined) return
    before = arrivals.length
    firehose = open(new Life())
  }
  let n = 0
  for (const [count, pauseMs] of schedule) {
    const puts = Array.from({ length: count }, () => Array.from({ length: recordsAtOnce }, () => recordOf(n++)))
    if (isOfStream) for (const texts of puts) stream.put(texts)
    else if (count > 0) await firehose.put('d', ...puts.map((texts) => texts.join('')))
    await kept.clock.advance(pauseMs)
    if (first.isOver) goOn()
  }
  first.end()
  goOn()
  await kept.clock.advance(300_000)
  await firehose.stop()
  const names = Array.from({ length: n }, (_, i) => `${i}`)
  return { first, before: before!, names }
}

function check(
  { isAcknowledged, isKept, isReplaced, isTransformed }: Case,
  { arrivals }: World,
  before: number,
  names: string[],
) {
  for (const way of ['delivered', 'failed', 'kept'] as const) {
    const came = arrivals.filter((arrival) => arrival.way === way)
    const brought = arrivals.slice(0, before).filter((arrival) => arrival.way === way)
    const mayRepeat = way === 'delivered' && isAcknowledged ? brought : brought.slice(-1)
    const seen = new Set<string>()
    const again: string[] = []
    for (const name of came.flatMap(({ names }) => names)) {
      if (seen.has(name)) again.push(name)
      seen.add(name)
    }
    const isOneBatch = mayRepeat.some(({ names }) => again.every((name) => names.includes(name)))
    assert.ok(isReplaced || again.length === 0 || isOneBatch, `${again} are ${way} again`)
    const wanted = names.filter((name) => {
      if (way === 'kept') return isKept
      if (!isTransformed) return way === 'delivered'
      return way === 'failed' ? isFailed(name) : !isDropped(name) && !isFailed(name)
    })
    assert.deepEqual(
      [...seen].sort((a, b) => Number(a) - Number(b)),
      wanted,
      way,
    )
  }
}

for (const each of cases)
  test(`${each.name}: whenever a process ends, nothing is lost, and a batch comes again at worst`, async (t) => {
    const quiet = await worldOf(each)
    const { first, before, names } = await live(quiet, each)
    check(each, quiet, before, names)
    let repeats = 0
    for (let place = 0; place < first.places.length; place++)
      for (const isAfter of [false, true]) {
        const world = await worldOf(each)
        const lived = await live(world, each, { place, isAfter })
        try {
          check(each, world, lived.before, lived.names)
        } catch (error) {
          const moment = `${isAfter ? 'after' : 'before'} ${place} (${first.places[place]})`
          throw new Error(`${moment}: ${(error as Error).message}`, { cause: error })
        }
        if (world.arrivals.length > quiet.arrivals.length) repeats++
      }
    t.diagnostic(`${first.places.length} places, ${quiet.arrivals.length} arrivals; more in ${repeats} of the worlds`)
    assert.ok(first.places.length > 20)
  })
