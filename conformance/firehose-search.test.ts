import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import {
  type AmazonopensearchserviceDestinationConfiguration,
  CreateDeliveryStreamCommand,
  type CreateDeliveryStreamCommandInput,
  FirehoseClient,
  UpdateDestinationCommand,
} from '@aws-sdk/client-firehose'
import { ManualClock } from '@millrace/ports'
import { OpenSearchStandIn } from '../packages/connectors/src/opensearch-stand-in-fixture.ts'
import { type Millrace, startMillrace } from '../packages/server/src/index.ts'
import { objectsIn } from './harness/buckets.ts'
import { connectionTo } from './harness/connection.ts'
import { describeDeliveryStream, putTexts } from './harness/firehose.ts'

/* Firehose by the AWS SDK, to clusters of OpenSearch and Elasticsearch that a strict stand-in plays. */

const data = mkdtempSync(join(tmpdir(), 'millrace-search-'))
const clock = new ManualClock(Date.UTC(2016, 1, 25, 13))
let millrace: Millrace
let firehose: FirehoseClient
let cluster: OpenSearchStandIn

before(async () => {
  cluster = await OpenSearchStandIn.open()
  cluster.credentials = 'ana:secret'
  millrace = await startMillrace({ data, clock, limits: 'off', endpoints: 'any', privateAddresses: ['127.0.0.0/8'] })
  firehose = new FirehoseClient({ ...connectionTo(millrace), maxAttempts: 1 })
})

after(async () => {
  firehose.destroy()
  await millrace.stop()
  await cluster[Symbol.asyncDispose]()
  rmSync(data, { recursive: true, force: true })
})

const RoleARN = 'arn:aws:iam::000000000000:role/delivery'
const hints = { SizeInMBs: 1, IntervalInSeconds: 60 }
const bucket = (name: string) => ({ RoleARN, BucketARN: `arn:aws:s3:::${name}`, BufferingHints: hints })
const address = () => cluster.url.replace('//', '//ana:secret@')

async function created(name: string, input: Omit<CreateDeliveryStreamCommandInput, 'DeliveryStreamName'>) {
  await firehose.send(new CreateDeliveryStreamCommand({ DeliveryStreamName: name, ...input }))
  while ((await described(name)).DeliveryStreamStatus !== 'ACTIVE') await clock.advance(100)
}

const toOpenSearch = (name: string, more: Partial<AmazonopensearchserviceDestinationConfiguration> = {}) =>
  created(name, {
    AmazonopensearchserviceDestinationConfiguration: {
      ...{ RoleARN, IndexName: name, ClusterEndpoint: address(), BufferingHints: hints, S3Configuration: bucket(name) },
      ...more,
    },
  })

const described = (name: string) => describeDeliveryStream(firehose, name)

const put = (name: string, ...texts: string[]) => putTexts(firehose, name, texts)

/** Lets records come to the buffer, closes it, and lets real sockets and disks go on until something is so. */
async function until(isSo: () => boolean, stepMs = 61_000): Promise<void> {
  await pause(20)
  for (let steps = 0; !isSo(); steps++) {
    await clock.advance(stepMs)
    for (let i = 0; i < 50 && !isSo(); i++) await pause(2)
    assert.ok(steps < 500, 'it never came to be')
  }
}

const indexed = (index: string) => [...cluster.documents.keys()].filter((path) => path.startsWith(`${index}/`))

test('a record becomes a document in the index of its hour, day, week or month', async () => {
  const periods = { OneHour: '-2016-02-25-13', OneDay: '-2016-02-25', OneWeek: '-2016-w09', OneMonth: '-2016-02' }
  for (const [IndexRotationPeriod, suffix] of Object.entries(periods)) {
    const name = IndexRotationPeriod.toLowerCase()
    await toOpenSearch(name, { IndexRotationPeriod: IndexRotationPeriod as keyof typeof periods })
    await put(name, '{"n":1}')
    await until(() => indexed(name + suffix).length === 1)
    assert.match(indexed(name + suffix)[0]!, /\/49\d{54}\.0$/)
  }
})

test('Elasticsearch and OpenSearch Serverless get documents as well, under names of their own', async () => {
  const common = { RoleARN, BufferingHints: hints }
  await created('elastic', {
    ElasticsearchDestinationConfiguration: {
      ...{ ...common, IndexName: 'elastic', ClusterEndpoint: address(), IndexRotationPeriod: 'NoRotation' },
      S3Configuration: bucket('elastic'),
    },
  })
  await created('collection', {
    AmazonOpenSearchServerlessDestinationConfiguration: {
      ...{ ...common, IndexName: 'collection', CollectionEndpoint: address(), S3Configuration: bucket('collection') },
    },
  })
  for (const name of ['elastic', 'collection']) {
    await put(name, '{"n":1}', 'no document')
    await until(() => indexed(name).length === 1 && objectsIn(data, name).size === 1)
    const [[key, line]] = [...objectsIn(data, name)] as [[string, string]]
    assert.match(key, /^AmazonOpenSearchService-failed\/2016\/02\/25\/1\d\//)
    const { errorCode, ...members } = JSON.parse(line)
    assert.equal(errorCode, name === 'elastic' ? 'ES.MalformedData' : 'OS.MalformedData')
    const prefix = name === 'elastic' ? 'es' : 'os'
    assert.deepEqual(
      [members[`${prefix}IndexName`], members[`${prefix}DocumentId`].slice(0, 2), members.attemptsMade],
      [name, '49', 1],
    )
  }
})

test('a cluster that is down for an hour costs no record and doubles none', async () => {
  await toOpenSearch('patient', { IndexRotationPeriod: 'NoRotation', RetryOptions: { DurationInSeconds: 7200 } })
  cluster.failing = 503
  await put('patient', '{"n":1}', '{"n":2}')
  await clock.advance(61_000)
  const startMs = clock.nowMs()
  await until(() => clock.nowMs() - startMs > 3_600_000, 300_000)
  await put('patient', '{"n":3}')
  cluster.failing = undefined
  await until(() => indexed('patient').length === 3)
  assert.equal(objectsIn(data, 'patient').size, 0)
})

test('what is not indexed in time is in the bucket, with how often it was tried and the last reason', async () => {
  await toOpenSearch('late', { IndexRotationPeriod: 'NoRotation', RetryOptions: { DurationInSeconds: 30 } })
  cluster.refuses = ({ n }) =>
    n === 1 ? { status: 429, error: { type: 'es_rejected_execution_exception', reason: 'queue is full' } } : undefined
  await put('late', '{"n":1}', '{"n":2}')
  await until(() => objectsIn(data, 'late').size === 1, 10_000)
  cluster.refuses = () => undefined
  assert.equal(indexed('late').length, 1)
  const lines = [...objectsIn(data, 'late').values()].join('').trim().split('\n')
  const { attemptsMade, errorCode, errorMessage, rawData } = JSON.parse(lines[0]!)
  assert.deepEqual([lines.length, errorCode], [1, '429'])
  assert.ok(attemptsMade > 2)
  assert.match(errorMessage, /queue is full/)
  assert.equal(Buffer.from(rawData, 'base64').toString(), '{"n":1}')
})

test('all documents are kept where that is asked for', async () => {
  await toOpenSearch('kept', { IndexRotationPeriod: 'NoRotation', S3BackupMode: 'AllDocuments' })
  await put('kept', '{"n":1}\n', '{"n":2}\n')
  await until(() => indexed('kept').length === 2 && objectsIn(data, 'kept').size === 1)
  assert.deepEqual([...objectsIn(data, 'kept').values()], ['{"n":1}\n{"n":2}\n'])
})

test('credentials are told to nobody, and an update brings others', async () => {
  await toOpenSearch('secret', {
    IndexRotationPeriod: 'NoRotation',
    ClusterEndpoint: address().replace('secret', 'old'),
  })
  const stream = await described('secret')
  assert.doesNotMatch(JSON.stringify(stream), /ana/)
  const [destination] = stream.Destinations!
  assert.equal(destination!.AmazonopensearchserviceDestinationDescription!.ClusterEndpoint, cluster.url)
  await firehose.send(
    new UpdateDestinationCommand({
      ...{ DeliveryStreamName: 'secret', CurrentDeliveryStreamVersionId: '1' },
      DestinationId: destination!.DestinationId!,
      AmazonopensearchserviceDestinationUpdate: { ClusterEndpoint: address() },
    }),
  )
  await put('secret', '{"n":1}')
  await until(() => indexed('secret').length === 1)
})

test('what cannot be reached is refused in words', async () => {
  const refused = async (more: Partial<AmazonopensearchserviceDestinationConfiguration>, message: RegExp) =>
    await assert.rejects(toOpenSearch('wrong', more), (error: Error) => {
      assert.match(error.message, message)
      return error.name === 'InvalidArgumentException'
    })
  const DomainARN = 'arn:aws:es:us-east-1:000000000000:domain/logs'
  await refused({ DomainARN }, /Exactly one of ClusterEndpoint and DomainARN/)
  await refused({ ClusterEndpoint: undefined, DomainARN }, /a domain by its ARN/)
  await refused({ ClusterEndpoint: 'http://[' }, /is not a URL/)
})
