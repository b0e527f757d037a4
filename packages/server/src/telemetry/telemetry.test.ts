import assert from 'node:assert/strict'
import test from 'node:test'
import { ManualClock } from '@millrace/ports'
import { jsonLogger } from './json-logger.ts'
import { MetricStore } from './metric-store.ts'
import { prometheusPage } from './prometheus-page.ts'

const figures = { residentBytes: 1, uptimeS: 2, droppedSeries: 0 }

test('observations of one metric and resource add up, others stay apart', () => {
  const store = new MetricStore()
  store.record('IncomingBytes', { StreamName: 'a' }, 10, 'Bytes')
  store.record('IncomingBytes', { StreamName: 'a' }, 5, 'Bytes')
  store.record('IncomingBytes', { StreamName: 'b' }, 7, 'Bytes')
  const page = prometheusPage(store.all(), figures)
  assert.match(page, /^aws_kinesis_incoming_bytes_sum\{stream_name="a"\} 15$/m)
  assert.match(page, /^aws_kinesis_incoming_bytes_count\{stream_name="a"\} 2$/m)
  assert.match(page, /^aws_kinesis_incoming_bytes_sum\{stream_name="b"\} 7$/m)
})

test('an age is shown as its last value too', () => {
  const store = new MetricStore()
  store.record('GetRecords.IteratorAgeMilliseconds', { StreamName: 'a' }, 500, 'Milliseconds')
  store.record('GetRecords.IteratorAgeMilliseconds', { StreamName: 'a' }, 20, 'Milliseconds')
  assert.match(
    prometheusPage(store.all(), figures),
    /aws_kinesis_get_records_iterator_age_milliseconds_last\{stream_name="a"\} 20/,
  )
})

test('label values cannot break out of their quotes', () => {
  const store = new MetricStore()
  store.record('X', { StreamName: 'a"\n\\' }, 1, 'Count')
  assert.match(prometheusPage(store.all(), figures), /aws_kinesis_x_sum\{stream_name="a\\"\\n\\\\"\} 1/)
})

test('a stream that is forgotten takes its shards along, and no others', () => {
  const store = new MetricStore()
  store.record('IncomingBytes', { StreamName: 'a', ShardId: '0' }, 1, 'Bytes')
  store.record('IncomingBytes', { StreamName: 'b' }, 1, 'Bytes')
  store.forget({ StreamName: 'a' })
  assert.deepEqual(
    [...store.all()].map(({ dimensions }) => dimensions),
    [{ StreamName: 'b' }],
  )
})

test('what was observed is taken once, with its least and its greatest', () => {
  const store = new MetricStore()
  let calls = 0
  store.listen(() => calls++)
  const observe = (...values: number[]) => {
    for (const value of values) store.record('Age', { StreamName: 'a' }, value, 'Milliseconds')
  }
  observe(5, 2, 9)
  store.record('Other', {}, 1, 'Count')
  assert.equal(calls, 1, 'told at the first of them only')
  const age = { metric: 'Age', dimensions: { StreamName: 'a' }, unit: 'Milliseconds' }
  assert.deepEqual(store.take(), [
    { ...age, count: 3, sum: 16, minimum: 2, maximum: 9 },
    { metric: 'Other', dimensions: {}, unit: 'Count', count: 1, sum: 1, minimum: 1, maximum: 1 },
  ])
  assert.deepEqual(store.take(), [])
  observe(7)
  assert.equal(calls, 2)
  store.forget({ StreamName: 'a' })
  assert.deepEqual(store.take(), [{ ...age, count: 1, sum: 7, minimum: 7, maximum: 7 }], 'of one that is gone, too')
})

test('a log line is one JSON object, below the least level there is none', () => {
  const lines: string[] = []
  const logger = jsonLogger((line) => lines.push(line), new ManualClock(0), 'warn')
  logger.log('info', 'not written')
  logger.log('error', 'a disk\nfailed', { file: 'x' })
  assert.deepEqual(lines, [
    '{"time":"1970-01-01T00:00:00.000Z","level":"error","message":"a disk\\nfailed","file":"x"}\n',
  ])
})
