import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock, silentLogger } from '@millrace/ports'
import { type DeliveryBatch, DeliveryFailed } from '../destinations/destination.ts'
import type { DeliveryRecord, FailedRecord } from './delivery-record.ts'
import { DeliveryReport } from './delivery-report.ts'
import type { Plan } from './plan.ts'

function reporting() {
  const clock = new ManualClock()
  const counted: [string, number][] = []
  const logged: string[] = []
  const report = new DeliveryReport(
    {
      clock,
      logger: silentLogger,
      metrics: { record: (metric, _, value) => void counted.push([metric, value]), forget() {} },
      logEvents: {
        put: (_, logStream, { message }) => void logged.push(`${logStream} ${JSON.parse(message).errorCode}`),
      },
    },
    {
      ...{ name: 'd', metricPrefix: 'DeliveryToSplunk', version: 1 },
      errorLog: { logGroup: 'g', logStream: 'destination', facts: {} },
      backupLog: { logGroup: 'g', logStream: 'backup', facts: {} },
    } as unknown as Plan,
  )
  return { clock, counted, logged, report }
}

const record = (text: string) => ({ data: Buffer.from(text) }) as unknown as DeliveryRecord
const batchOf = (records: DeliveryRecord[], firstArrivalMs: number) =>
  ({ records, firstArrivalMs }) as unknown as DeliveryBatch

test('the destination and the backup are as old as what waits for each of them', async () => {
  const { clock, counted, report } = reporting()
  const startMs = clock.nowMs()
  await clock.advance(90_000)
  report.waiting(startMs, undefined)
  report.waiting(undefined, startMs + 60_000)
  report.waiting(undefined, undefined)
  assert.deepEqual(counted, [
    ['DeliveryToSplunk.DataFreshness', 90],
    ['BackupToS3.DataFreshness', 30],
  ])
})

test('only what arrived is counted as delivered, and each kind of failure is told of once a batch', () => {
  const { clock, counted, logged, report } = reporting()
  const records = [record('ab'), record('c')]
  report.delivered(batchOf(records, clock.nowMs()), records.slice(1))
  assert.deepEqual(counted.slice(0, 3), [
    ['DeliveryToSplunk.Success', 1],
    ['DeliveryToSplunk.Bytes', 1],
    ['DeliveryToSplunk.Records', 1],
  ])
  assert.ok(!counted.some(([metric]) => metric.endsWith('ObjectCount')), 'objects are S3 alone')
  const failed = (errorCode: string) =>
    ({ record: records[0], errorCode, errorMessage: 'm' }) as unknown as FailedRecord
  report.gaveUp([failed('Splunk.A'), failed('Splunk.A'), failed('Splunk.B')])
  report.backupFailed(new DeliveryFailed('S3.AccessDenied', 'no'), 0)
  assert.deepEqual(logged, ['destination Splunk.A', 'destination Splunk.B', 'backup S3.AccessDenied'])
  const { delivered, failedRecords, lastError } = report.counts
  assert.deepEqual([delivered, failedRecords], [{ records: 1, bytes: 1, batches: 1 }, 3])
  assert.equal(lastError?.code, 'S3.AccessDenied')
})
