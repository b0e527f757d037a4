import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '@millrace/ports'
import type { LogEvent } from '../../../core/ports/log-events.ts'
import type { DeliveryStream } from '../delivery-stream.ts'
import { ErrorLog, errorLogsOf } from './error-log.ts'

const place = { accountId: '000000000000', region: 'us-east-1' }

function streamTo(kind: string, settings: object): DeliveryStream {
  return { name: 'orders', version: 3, destination: { kind, settings } } as DeliveryStream
}

test('an error log that is on and not named has the names of the console', () => {
  const stream = streamTo('HttpEndpoint', {
    EndpointConfiguration: { Url: 'https://user:secret@example.com/in?token=secret' },
    CloudWatchLoggingOptions: { Enabled: true },
    S3Configuration: { BucketARN: 'arn:aws:s3:::kept', CloudWatchLoggingOptions: { Enabled: true, LogGroupName: 'g' } },
  })
  const { backupLog, errorLog } = errorLogsOf({ place }, stream)
  const facts = (destination: string) => ({
    ...{ deliveryStreamARN: 'arn:aws:firehose:us-east-1:000000000000:deliverystream/orders', destination },
    deliveryStreamVersionId: 3,
  })
  assert.deepEqual(errorLog, {
    facts: facts('https://example.com/in'),
    logGroup: '/aws/kinesisfirehose/orders',
    logStream: 'DestinationDelivery',
  })
  assert.deepEqual(backupLog, {
    ...{ facts: facts('arn:aws:s3:::kept'), logGroup: 'g', logStream: 'BackupDelivery' },
  })
})

test('an error log that is not asked for is not there', () => {
  const stream = streamTo('ExtendedS3', {
    BucketARN: 'arn:aws:s3:::lake',
    CloudWatchLoggingOptions: { Enabled: false },
  })
  assert.deepEqual(errorLogsOf({ place }, stream), { errorLog: undefined, backupLog: undefined })
})

test('a destination that fails all the time is told of once a second, with the number of what was left out', async () => {
  const clock = new ManualClock()
  const events: LogEvent[] = []
  const logEvents = { put: (_group: string, _stream: string, event: LogEvent) => void events.push(event) }
  const target = { logGroup: 'g', logStream: 's', facts: { deliveryStreamARN: 'arn', destination: 'd' } }
  const log = new ErrorLog(logEvents, clock, target)
  for (let i = 0; i < 100; i++) log.put({ errorCode: 'X', message: 'x'.repeat(100_000) })
  assert.equal(events.length, 20)
  await clock.advance(1000)
  log.put({ errorCode: 'Lambda.FunctionError', message: 'y', processor: 'arn:aws:lambda:…' })
  const messages = events.map(({ message }) => JSON.parse(message))
  assert.equal(messages[0].message.length, 8192)
  assert.deepEqual(messages[20], {
    ...{ deliveryStreamARN: 'arn', destination: 'd', message: 'y' },
    ...{ errorCode: 'Lambda.FunctionError', processor: 'arn:aws:lambda:…', suppressed: 80 },
  })
})
