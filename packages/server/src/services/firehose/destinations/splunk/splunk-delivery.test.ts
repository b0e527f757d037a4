import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backupBucket, FirehoseInMemory } from '../../testing/firehose-in-memory.ts'
import { HecStandIn } from '../../testing/hec-stand-in.ts'
import { outboundTo } from '../../testing/stand-in-server.ts'

/* Whole delivery streams to Splunk, while hours pass. */

const token = '0a1b2c3d-1111-2222-3333-444455556666'

const toSplunk = (settings: object = {}) => ({
  SplunkDestinationConfiguration: {
    ...{ HECEndpoint: 'https://splunk.example:8088', HECEndpointType: 'Raw', HECToken: token },
    BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 5 },
    S3Configuration: backupBucket,
    ...settings,
  },
})

async function firehoseTo(standIn: HecStandIn, settings: object = {}) {
  const firehose = new FirehoseInMemory(outboundTo(standIn))
  await firehose.create('d', toSplunk(settings))
  return firehose
}

test('a collector that is down for an hour costs no record, and is caught up with afterwards', async () => {
  const standIn = new HecStandIn(token)
  const firehose = await firehoseTo(standIn, { RetryOptions: { DurationInSeconds: 7200 } })
  standIn.instead = () => 9
  const texts = Array.from({ length: 120 }, (_, i) => `${i} ${'x'.repeat(50_000)}\n`)
  for (let i = 0; i < 120; i += 2) {
    await firehose.put('d', texts[i]!, texts[i + 1]!)
    await firehose.clock.advance(30_000)
  }
  assert.equal(standIn.batches.length, 0)
  standIn.instead = () => undefined
  await firehose.clock.advance(200_000)
  const arrived = standIn.texts.join('').split(/(?<=\n)/)
  assert.equal(arrived.length, 120)
  assert.deepEqual(new Set(arrived), new Set(texts))
  assert.equal(firehose.metrics.get('DeliveryToSplunk.Records'), 120)
  assert.deepEqual(firehose.linesUnder('backup/'), [])
  await firehose.stop()
})

/** A process has sent batches, none of which was acknowledged, and has ended. */
async function endedWaiting(standIn: HecStandIn, ...batches: readonly string[][]) {
  standIn.isIndexing = false
  const firehose = await firehoseTo(standIn)
  for (const texts of batches) {
    await firehose.put('d', ...texts)
    await firehose.clock.advance(10_000)
  }
  await firehose.stop()
  standIn.isIndexing = true
  return { clock: firehose.clock, next: () => new FirehoseInMemory(outboundTo(standIn), firehose.kept) }
}

test('a process that ends while batches wait for their acknowledgments leaves it to the next one to ask for them', async () => {
  const standIn = new HecStandIn(token)
  const { clock, next } = await endedWaiting(standIn, ['a', 'b'], ['c'])
  const second = next()
  await second.put('d', 'd')
  await clock.advance(20_000)
  assert.deepEqual(standIn.texts, ['ab', 'c'], 'it asks, and sends nothing')
  standIn.index()
  await clock.advance(20_000)
  assert.deepEqual(standIn.texts, ['ab', 'c', 'd'])
  await second.stop()
  const third = next()
  await clock.advance(300_000)
  assert.equal(standIn.batches.length, 3, 'what was acknowledged is not sent again')
  await third.stop()
})

test('what was sent by a process before and is not acknowledged in its time is sent again', async () => {
  const standIn = new HecStandIn(token)
  const { clock, next } = await endedWaiting(standIn, ['a', 'b'], ['c'])
  standIn.batches[1]!.isIndexed = true
  const second = next()
  await clock.advance(150_000)
  assert.deepEqual(standIn.texts, ['ab', 'c'])
  await clock.advance(60_000)
  assert.deepEqual(standIn.texts, ['ab', 'c', 'ab'])
  assert.notEqual(standIn.batches[0]!.channel, standIn.batches[2]!.channel)
  await second.stop()
})

test('with other settings nobody asks for acknowledgments of before: what waits for one is sent again', async () => {
  const standIn = new HecStandIn(token)
  const { clock, next } = await endedWaiting(standIn, ['a'])
  const second = next()
  await second.call('UpdateDestination', {
    ...{ DeliveryStreamName: 'd', CurrentDeliveryStreamVersionId: '1', DestinationId: 'destinationId-000000000001' },
    SplunkDestinationUpdate: { HECAcknowledgmentTimeoutInSeconds: 200 },
  })
  await clock.advance(10_000)
  assert.deepEqual(standIn.texts, ['a', 'a'])
  await second.stop()
})

test('batches wait for their acknowledgments side by side', async () => {
  const standIn = new HecStandIn(token)
  standIn.isIndexing = false
  const firehose = await firehoseTo(standIn)
  for (let i = 0; i < 12; i++) {
    await firehose.put('d', `${i} ${'x'.repeat(900_000)}`)
    await firehose.clock.advance(1000)
  }
  await firehose.clock.advance(60_000)
  assert.equal(standIn.batches.length, 8)
  standIn.isIndexing = true
  standIn.index()
  await firehose.clock.advance(60_000)
  assert.equal(standIn.batches.length, 12)
  assert.equal(firehose.metrics.get('DeliveryToSplunk.Records'), 12)
  await firehose.stop()
})

test('the retry duration counts no time that was spent waiting, and what is given up has AWS’s error record', async () => {
  const standIn = new HecStandIn(token)
  standIn.isIndexing = false
  const RetryOptions = { DurationInSeconds: 10 }
  const firehose = await firehoseTo(standIn, { RetryOptions, S3BackupMode: 'AllEvents' })
  const ids = await firehose.put('d', 'a')
  await firehose.clock.advance(1_200_000)
  assert.equal(standIn.batches.length, 5, 'after 1, 2, 4 and 3 s, each time 180 s of waiting')
  assert.equal(new Set(standIn.batches.map(({ channel }) => channel)).size, 1)
  const [line, ...others] = firehose.linesUnder('backup/splunk-failed/').map((text) => JSON.parse(text))
  assert.equal(others.length, 0)
  assert.deepEqual(Object.keys(line), [
    ...[
      'attemptsMade',
      'arrivalTimestamp',
      'errorCode',
      'errorMessage',
      'attemptEndingTimestamp',
      'rawData',
      'EventId',
    ],
  ])
  assert.deepEqual([line.attemptsMade, line.errorCode, line.rawData], [5, 'Splunk.AckTimeout', 'YQ=='])
  assert.equal(line.EventId, `${ids[0]}.0`)
  assert.equal([...firehose.kept.objects].filter(([key]) => !key.includes('failed')).length, 1)
  await firehose.stop()
})

test('poison events are in the error output alone, and hold up nobody', async () => {
  const standIn = new HecStandIn(token)
  const firehose = await firehoseTo(standIn, { HECEndpointType: 'Event' })
  await firehose.put('d', '{"event":"a"}', 'poison', '{"event":"b"}{"event":"c"}')
  await firehose.clock.advance(70_000)
  assert.deepEqual(standIn.texts, ['{"event":"a"}{"event":"b"}{"event":"c"}'])
  const lines = firehose.linesUnder('backup/splunk-failed/').map((text) => JSON.parse(text))
  assert.deepEqual(
    lines.map(({ errorCode, rawData }) => [errorCode, Buffer.from(rawData, 'base64').toString()]),
    [['Splunk.InvalidDataFormat', 'poison']],
  )
  await firehose.stop()
})

test('what cannot be delivered to is refused when it is asked for, and the token is logged nowhere', async () => {
  const standIn = new HecStandIn(token)
  standIn.instead = () => ({ status: 403, body: `{"text":"${token}","code":4}` })
  const firehose = await firehoseTo(standIn, { RetryOptions: { DurationInSeconds: 0 } })
  const cases: [object, RegExp][] = [
    [{ SecretsManagerConfiguration: { Enabled: true } }, /Millrace does not support Secrets Manager/],
    [{ HECToken: undefined }, /HECToken must be given/],
    [{ HECToken: 'a b' }, /cannot be sent in a header/],
    [{ HECEndpoint: 'https://' }, /cannot be parsed/],
    [{ HECEndpoint: 'http://splunk.example' }, /https:\.\*/],
    [{ HECAcknowledgmentTimeoutInSeconds: 179 }, /greater than or equal to 180/],
    [{ BufferingHints: { SizeInMBs: 6, IntervalInSeconds: 5 } }, /less than or equal to 5/],
    [{ BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 61 } }, /less than or equal to 60/],
  ]
  for (const [settings, message] of cases) await assert.rejects(firehose.create('e', toSplunk(settings)), message)
  await firehose.put('d', 'a')
  await firehose.clock.advance(70_000)
  const [line] = firehose.linesUnder('backup/splunk-failed/')
  assert.match(line!, /Splunk\.InvalidToken/)
  assert.doesNotMatch(JSON.stringify([firehose.lines, ...firehose.kept.objects]), new RegExp(token))
  await firehose.stop()
})
