import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EndpointStandIn, json } from '../../testing/endpoint-stand-in.ts'
import { backupBucket, FirehoseInMemory } from '../../testing/firehose-in-memory.ts'
import { outboundTo } from '../../testing/stand-in-server.ts'

/* Whole delivery streams to an HTTP endpoint, while hours pass. */

const accessKey = 'a-secret-key'
const url = 'https://endpoint.example/in'

const toEndpoint = (settings: object = {}) => ({
  HttpEndpointDestinationConfiguration: {
    EndpointConfiguration: { Url: url, Name: 'here', AccessKey: accessKey },
    BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 5 },
    S3Configuration: backupBucket,
    ...settings,
  },
})

async function firehoseTo(standIn: EndpointStandIn, settings: object = {}) {
  const firehose = new FirehoseInMemory(outboundTo(standIn))
  await firehose.create('d', toEndpoint(settings))
  return firehose
}

const standInWithKey = () => new EndpointStandIn({ path: '/in', accessKey })
const busy = () => ({ status: 503, ...json({ requestId: 'x', timestamp: 1, errorMessage: 'busy' }) })
const textsOf = (standIn: EndpointStandIn) => standIn.taken.flatMap(({ texts }) => texts)

test('an endpoint that is down for an hour costs no record, and is caught up with afterwards', async () => {
  const standIn = standInWithKey()
  const firehose = await firehoseTo(standIn, { RetryOptions: { DurationInSeconds: 7200 } })
  standIn.instead = busy
  const texts = Array.from({ length: 120 }, (_, i) => `${i} ${'x'.repeat(50_000)}`)
  for (let i = 0; i < 120; i += 2) {
    await firehose.put('d', texts[i]!, texts[i + 1]!)
    await firehose.clock.advance(30_000)
  }
  assert.equal(standIn.taken.length, 0)
  const tries = standIn.asked.length
  assert.ok(tries > 30 && tries < 300, `${tries} tries in an hour`)
  standIn.instead = () => undefined
  await firehose.clock.advance(150_000)
  assert.equal(textsOf(standIn).length, 120)
  assert.deepEqual(new Set(textsOf(standIn)), new Set(texts))
  assert.deepEqual(firehose.linesUnder('backup/'), [])
  assert.equal(firehose.metrics.get('DeliveryToHttpEndpoint.Records'), 120)
  assert.ok(firehose.metrics.get('DeliveryToHttpEndpoint.ProcessedRecords')! > 240)
  await firehose.stop()
})

test('what is given up is in the bucket with AWS’s error record, and all that came, too, if that is asked for', async () => {
  const standIn = standInWithKey()
  const RetryOptions = { DurationInSeconds: 60 }
  const firehose = await firehoseTo(standIn, { RetryOptions, S3BackupMode: 'AllData' })
  standIn.instead = ({ requestId }) => ({ status: 401, ...json({ requestId, timestamp: 1, errorMessage: 'no entry' }) })
  const ids = await firehose.put('d', 'a', 'b')
  await firehose.clock.advance(200_000)
  const [line, ...others] = firehose.linesUnder('backup/http-endpoint-failed/').map((text) => JSON.parse(text))
  assert.equal(others.length, 1)
  assert.deepEqual(Object.keys(line), [
    ...['attemptsMade', 'arrivalTimestamp', 'errorCode', 'errorMessage', 'attemptEndingTimestamp', 'rawData'],
    ...['subsequenceNumber', 'dataId'],
  ])
  const { attemptsMade, errorCode, errorMessage, rawData, subsequenceNumber, dataId } = line
  assert.deepEqual([errorCode, rawData, subsequenceNumber], ['HttpEndpoint.DestinationException', 'YQ==', 0])
  assert.match(errorMessage, /^The following response was received from the endpoint destination\. 401: .*no entry/)
  assert.equal(dataId, `${ids[0]}.0`)
  assert.equal(attemptsMade, standIn.asked.length)
  assert.equal(new Set(standIn.asked.map(({ requestId }) => requestId)).size, 1)
  const whole = [...firehose.kept.objects].filter(([key]) => !key.includes('failed'))
  assert.deepEqual(
    whole.map(([, text]) => text),
    ['ab'],
  )
  await firehose.stop()
})

test('a request has at most 10,000 records', async () => {
  const standIn = standInWithKey()
  const firehose = await firehoseTo(standIn)
  for (let i = 0; i < 42; i++) await firehose.put('d', ...Array<string>(500).fill(''))
  await firehose.clock.advance(6000)
  assert.deepEqual(
    standIn.taken.map(({ texts }) => texts.length),
    [10_000, 10_000, 1000],
  )
  await firehose.stop()
})

test('while nothing can be put into the bucket, what failed waits, and new records are still delivered', async () => {
  const standIn = standInWithKey()
  const firehose = await firehoseTo(standIn, { RetryOptions: { DurationInSeconds: 0 } })
  firehose.isBucketDown = true
  standIn.instead = busy
  await firehose.put('d', 'a')
  await firehose.clock.advance(70_000)
  standIn.instead = () => undefined
  await firehose.put('d', 'b')
  await firehose.clock.advance(3_600_000)
  assert.deepEqual([textsOf(standIn), firehose.linesUnder('backup/')], [['b'], []])
  firehose.isBucketDown = false
  await firehose.clock.advance(150_000)
  const [line] = firehose.linesUnder('backup/').map((text) => JSON.parse(text))
  assert.equal(line.rawData, 'YQ==')
  await firehose.stop()
})

test('a process that ends while records wait for the bucket loses none of them', async () => {
  const standIn = standInWithKey()
  const firehose = await firehoseTo(standIn, { RetryOptions: { DurationInSeconds: 0 } })
  firehose.isBucketDown = true
  standIn.instead = busy
  await firehose.put('d', 'a', 'b')
  await firehose.clock.advance(300_000)
  await firehose.stop()
  const next = new FirehoseInMemory(outboundTo(standIn), firehose.kept)
  standIn.instead = () => undefined
  await next.clock.advance(10_000)
  assert.deepEqual(textsOf(standIn), ['a', 'b'])
  await next.stop()
})

test('a bucket that never answers holds up a stop for five seconds and no longer', async () => {
  const standIn = standInWithKey()
  const settings = { RetryOptions: { DurationInSeconds: 0 }, S3BackupMode: 'AllData' }
  const firehose = await firehoseTo(standIn, settings)
  firehose.isBucketSilent = true
  standIn.instead = busy
  await firehose.put('d', 'a')
  await firehose.clock.advance(70_000)
  const stopped = firehose.stop()
  await firehose.clock.advance(5000)
  await stopped
  assert.equal(firehose.kept.objects.size, 0)
})

test('an object of error records is about as large as asked for, however much is said of each record', async () => {
  const standIn = standInWithKey()
  const firehose = await firehoseTo(standIn)
  standIn.instead = () => ({ status: 413, body: 'x'.repeat(2000) })
  for (let i = 0; i < 10; i++) await firehose.put('d', ...Array<string>(500).fill(''))
  await firehose.clock.advance(70_000)
  const sizes = [...firehose.kept.objects.values()].map(({ length }) => length)
  assert.equal(firehose.linesUnder('backup/http-endpoint-failed/').length, 5000)
  assert.ok(Math.max(...sizes) < 2 * 1024 * 1024, `${sizes}`)
  await firehose.stop()
})

test('an update in the middle of a delivery goes on with the new address and key, and loses nothing', async () => {
  const standIn = new EndpointStandIn({ path: '/new', accessKey: 'another-key' })
  const firehose = await firehoseTo(standIn, { RetryOptions: { DurationInSeconds: 7200 } })
  await firehose.put('d', 'a')
  await firehose.clock.advance(60_000)
  await firehose.put('d', 'b')
  assert.deepEqual(textsOf(standIn), [])
  await firehose.call('UpdateDestination', {
    ...{ DeliveryStreamName: 'd', CurrentDeliveryStreamVersionId: '1', DestinationId: 'destinationId-000000000001' },
    HttpEndpointDestinationUpdate: {
      EndpointConfiguration: { Url: 'https://endpoint.example/new', AccessKey: 'another-key' },
    },
  })
  await firehose.clock.advance(10_000)
  assert.deepEqual(textsOf(standIn), ['a', 'b'])
  await firehose.stop()
})

test('the access key is described to nobody, and logged nowhere', async () => {
  const standIn = standInWithKey()
  const firehose = await firehoseTo(standIn)
  standIn.instead = () => ({ status: 500, body: `a-secret-key ${accessKey}` })
  await firehose.put('d', 'a')
  await firehose.clock.advance(400_000)
  const { DeliveryStreamDescription } = await firehose.call('DescribeDeliveryStream', { DeliveryStreamName: 'd' })
  const [{ HttpEndpointDestinationDescription: described }] = (DeliveryStreamDescription as never as Described)
    .Destinations
  assert.deepEqual(described.EndpointConfiguration, { Url: url, Name: 'here' })
  assert.deepEqual(described.RetryOptions, { DurationInSeconds: 300 })
  assert.equal(firehose.linesUnder('backup/http-endpoint-failed/').length, 1)
  assert.ok(firehose.lines.length > 0)
  const told = JSON.stringify([DeliveryStreamDescription, firehose.lines, ...firehose.kept.objects])
  assert.doesNotMatch(told, new RegExp(accessKey))
  await firehose.stop()
})

type Described = { readonly Destinations: [{ readonly HttpEndpointDestinationDescription: Record<string, unknown> }] }

test('what cannot be delivered to is refused when it is asked for', async () => {
  const firehose = new FirehoseInMemory(outboundTo(new EndpointStandIn()))
  const cases: [object, RegExp][] = [
    [{ SecretsManagerConfiguration: { Enabled: true } }, /Millrace does not support Secrets Manager/],
    [{ EndpointConfiguration: { Url: 'https://' } }, /cannot be parsed/],
    [{ EndpointConfiguration: { Url: 'http://endpoint.example' } }, /https:\/\/\.\*/],
    [{ EndpointConfiguration: { Url: url, AccessKey: 'a\tb\u0001' } }, /control characters/],
    [{ BufferingHints: { SizeInMBs: 65, IntervalInSeconds: 5 } }, /less than or equal to 64/],
    [{ BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 901 } }, /less than or equal to 900/],
    [{ RetryOptions: { DurationInSeconds: 7201 } }, /less than or equal to 7200/],
  ]
  for (const [settings, message] of cases) await assert.rejects(firehose.create('e', toEndpoint(settings)), message)
  await firehose.create('f', toEndpoint({ SecretsManagerConfiguration: { Enabled: false } }))
  await firehose.stop()
})
