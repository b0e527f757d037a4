import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { ManualClock } from '@millrace/ports'
import { startMillrace } from '../packages/server/src/index.ts'
import { guardedFolder } from './harness/guarded-folder.ts'
import { hostileNames } from './harness/hostile-names.ts'
import { PlainConnections, type Received } from './harness/plain-connections.ts'

/*
 * Names that walk, as Firehose puts objects under them into a folder: prefixes, buckets, partition keys out of records, and the
 * groups and streams of its error log. All streams deliver in one hour of a clock that is moved by hand.
 */

const roleArn = 'arn:aws:iam::000000000000:role/r'
const base64 = (content: string | Buffer) => Buffer.from(content).toString('base64')

const bounded = { RoleARN: roleArn, BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 60 } }

const lake = 'arn:aws:s3:::lake'
const log = (LogGroupName: string, LogStreamName: string) => ({
  CloudWatchLoggingOptions: { Enabled: true, LogGroupName, LogStreamName },
})

const parameter = (ParameterName: string, ParameterValue: string) => ({ ParameterName, ParameterValue })
const byKey = {
  DynamicPartitioningConfiguration: { Enabled: true },
  ProcessingConfiguration: {
    Enabled: true,
    Processors: [
      {
        Type: 'MetadataExtraction',
        Parameters: [parameter('MetadataExtractionQuery', '{key: .key}'), parameter('JsonParsingEngine', 'JQ-1.6')],
      },
    ],
  },
}

/** Refuses what is no gzip, so that there are error records too; no query, whose threads would cost more than all else. */
const unzip = {
  Enabled: true,
  Processors: [{ Type: 'Decompression', Parameters: [parameter('CompressionFormat', 'GZIP')] }],
}

test('no name under which Firehose puts objects or logs leads out of its bucket or its log', async (t) => {
  const { data, check } = guardedFolder(t)
  const clock = new ManualClock(Date.UTC(2026, 4, 6, 7, 8, 9))
  const millrace = await startMillrace({
    ...{ data, clock, durability: 'os', limits: 'off', transitionMs: 1, activePartitions: 1000 },
  })
  t.after(() => millrace.stop())
  const connections = new PlainConnections(millrace.url)
  t.after(() => connections.close())
  const call = (operation: string, input: object): Promise<Received> =>
    connections.send({
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': `Firehose_20150804.${operation}`,
        'x-amz-date': '20260506T070809Z',
        authorization:
          'AWS4-HMAC-SHA256 Credential=AK/20260506/us-east-1/firehose/aws4_request, SignedHeaders=host, Signature=00',
      },
      body: JSON.stringify(input),
    })

  const create = async (name: string, ExtendedS3DestinationConfiguration: object) => {
    const { status, text } = await call('CreateDeliveryStream', {
      DeliveryStreamName: name,
      ExtendedS3DestinationConfiguration,
    })
    assert.ok(status === 200 || status === 400, text)
    return status === 200
  }
  /** A stream becomes active when its log is made, for which the disk takes its own time. */
  const whenActive = async (DeliveryStreamName: string): Promise<void> => {
    const { text } = await call('DescribeDeliveryStream', { DeliveryStreamName })
    if (JSON.parse(text).DeliveryStreamDescription.DeliveryStreamStatus === 'ACTIVE') return
    await new Promise((resolve) => setTimeout(resolve, 50))
    await clock.advance(100)
    await whenActive(DeliveryStreamName)
  }
  const created = { group: [] as string[], stream: [] as string[], walk: [] as string[], bucket: [] as string[] }
  await Promise.all(
    hostileNames.map(async (name, i) => {
      if (await create(`bucket-${i}`, { ...bounded, BucketARN: `arn:aws:s3:::${name}` }))
        created.bucket.push(`bucket-${i}`)
      const errors = { ErrorOutputPrefix: `${name}/!{firehose:error-output-type}/`, ProcessingConfiguration: unzip }
      const settings = { ...bounded, BucketARN: lake, Prefix: `${name}/!{timestamp:yyyy}/`, ...errors }
      // As much of it as is taken: a group of logs may be called less than a stream of them.
      if (await create(`group-${i}`, { ...settings, ...log(name, name) })) created.group.push(`group-${i}`)
      else if (await create(`stream-${i}`, { ...settings, ...log('/aws/group', name) }))
        created.stream.push(`stream-${i}`)
      else if (await create(`walk-${i}`, settings)) created.walk.push(`walk-${i}`)
    }),
  )
  const ofPrefixes = [...created.group, ...created.stream, ...created.walk]
  const Prefix = 'keys/!{partitionKeyFromQuery:key}/'
  assert.ok(await create('keys', { ...bounded, ...byKey, BucketARN: lake, Prefix, ErrorOutputPrefix: 'refused/' }))
  await clock.advance(1000)
  await Promise.all([...ofPrefixes, ...created.bucket, 'keys'].map(whenActive))

  const put = async (DeliveryStreamName: string, texts: readonly (string | Buffer)[]) => {
    const Records = texts.map((text) => ({ Data: base64(text) }))
    const { status, text } = await call('PutRecordBatch', { DeliveryStreamName, Records })
    assert.equal(status, 200, text)
    assert.equal(JSON.parse(text).FailedPutCount, 0, text)
  }
  const [good, bad] = [(name: string) => `{"good":"${name}"}`, (name: string) => `{"bad":"${name}"}`]
  const ofKeys = hostileNames.map((key) => JSON.stringify({ key }).replace('\\ud800', '\ufffd'))
  await Promise.all([
    ...ofPrefixes.map((name) => put(name, [gzipSync(good(name)), bad(name)])),
    ...created.bucket.map((name) => put(name, [name])),
    put('keys', ofKeys),
  ])
  const expected = [...ofKeys, ...ofPrefixes.flatMap((name) => [good(name), bad(name)])]

  const filesIn = (name: string) =>
    existsSync(join(data, name))
      ? readdirSync(join(data, name), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
      : []
  /** The texts of records, of objects and of error records alike. */
  const arrived = () =>
    filesIn('buckets')
      .filter(({ parentPath }) => parentPath !== join(data, 'buckets/.millrace')) // those are still being written
      .flatMap(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8').split('\n'))
      .flatMap((line) => {
        const isRefused = line.includes('"rawData"')
        return isRefused
          ? [Buffer.from(JSON.parse(line).rawData, 'base64').toString()]
          : line.replaceAll('}{', '}\n{').split('\n')
      })
  await clock.advance(61_000)
  let there = new Set<string>()
  for (let look = 0, seen = 0; look < 200 && !expected.every((text) => there.has(text)); look++) {
    await new Promise((resolve) => setTimeout(resolve, 300)) // the disk has its own time
    const count = filesIn('buckets').length
    if (count === seen) there = new Set(arrived())
    seen = count
  }
  assert.deepEqual(
    expected.filter((text) => !there.has(text)),
    [],
    'none is lost',
  )
  await millrace.stop()
  const logs = filesIn('logs').length
  const buckets = readdirSync(join(data, 'buckets'))
  assert.deepEqual(
    buckets.filter((name) => !/^[a-zA-Z0-9][\w.-]*$/.test(name)),
    ['.millrace'],
  )
  const known = new Set(['buckets', 'catalog', 'log', 'logs', 'millrace.json'])
  assert.deepEqual(
    readdirSync(data).filter((name) => !known.has(name)),
    [],
  )
  check()
  const { bucket, group, stream } = created
  t.diagnostic(
    `of ${hostileNames.length} names ${ofPrefixes.length} were prefixes, ${bucket.length} buckets, ${group.length} log ` +
      `groups, ${group.length + stream.length} log streams; ${filesIn('buckets').length} objects, ${logs} logs`,
  )
  assert.ok(ofPrefixes.length > 200 && bucket.length > 5 && logs > 150)
})
