import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock, silentLogger, systemRandom } from '@millrace/ports'
import { type FunctionAnswer, FunctionNotInvoked } from '../../../../core/ports/functions.ts'
import type { DeliveryRecord } from '../../delivery/delivery-record.ts'
import { requestBytesMax } from './lambda-request.ts'
import { LambdaTransform } from './lambda-transform.ts'

const functionArn = 'arn:aws:lambda:us-east-1:000000000000:function:f'
const deliveryStreamArn = 'arn:aws:firehose:us-east-1:000000000000:deliverystream/d'
const page = { lane: 'put', next: '1', left: 0, first: 0, end: 0 }

const recordOf = (data: string | Uint8Array, recordId: string, more: Partial<DeliveryRecord> = {}): DeliveryRecord => ({
  position: 0,
  recordId,
  arrivalMs: 1_700_000_000_000,
  data: typeof data === 'string' ? Buffer.from(data) : data,
  page,
  ...more,
})
const recordsOf = (...texts: string[]) => texts.map((text, index) => recordOf(text, `${index + 1}`))

// biome-ignore lint/suspicious/noExplicitAny: what a function gets is looked into
type Event = any
type Returned = { recordId: string; result: string; data?: string | null; metadata?: object }

const base64 = (text: string) => Buffer.from(text).toString('base64')
const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString()

/** A transform whose function is code of the test. */
function started(
  handler: (event: Event, call: number, signal: AbortSignal) => unknown,
  more: { retriesMax?: number; isPartitioned?: boolean; sourceKinesisStreamArn?: string } = {},
) {
  const clock = new ManualClock()
  const events: Event[] = []
  const payloadBytes: number[] = []
  const counted: [string, number][] = []
  const functions = {
    async invoke(name: string, payload: Uint8Array, signal: AbortSignal): Promise<FunctionAnswer> {
      assert.equal(name, functionArn)
      payloadBytes.push(payload.byteLength)
      events.push(JSON.parse(textOf(payload)))
      const answer = await handler(events.at(-1), events.length, signal)
      if (answer === failing) return { functionError: 'Unhandled', payload: Buffer.from('{"errorMessage":"x"}') }
      return { payload: Buffer.from(typeof answer === 'string' ? answer : JSON.stringify(answer)) }
    },
  }
  const metrics = {
    record: (metric: string, _: object, value: number) => void counted.push([metric, value]),
    forget() {},
  }
  const { retriesMax = 0, isPartitioned = false, sourceKinesisStreamArn } = more
  const transform = new LambdaTransform(
    { clock, random: systemRandom, logger: silentLogger, metrics, functions },
    {
      ...{ deliveryStream: 'd', functionArn, retriesMax, isPartitioned },
      head: { deliveryStreamArn, sourceKinesisStreamArn, region: 'us-east-1' },
      intake: { sizeBytesMax: 1024 * 1024, intervalMs: 60_000 },
    },
  )
  const { signal } = new AbortController()
  const run = (records: readonly DeliveryRecord[]) => transform.transform(records, signal)
  return { clock, counted, events, payloadBytes, run, transform }
}

const failing = Symbol()
const echo = (event: Event, change = (returned: Returned): Returned | Returned[] => returned) => ({
  records: event.records.flatMap(({ recordId, data }: Returned) => change({ recordId, result: 'Ok', data: data! })),
})
const codesOf = ({ failed }: { readonly failed: readonly { readonly errorCode: string }[] }) =>
  failed.map(({ errorCode }) => errorCode)

test('a function gets what AWS gives it, and what it returns goes on in the order of the records', async () => {
  const { events, run } = started((event) => ({
    records: event.records
      .map(({ recordId, data }: Returned) => ({
        recordId,
        result: 'Ok',
        data: base64(textOf(Buffer.from(data!, 'base64')).toUpperCase()),
      }))
      .reverse(),
  }))
  const { failed, records } = await run(recordsOf('a', '', 'c'))
  assert.deepEqual(
    records.map(({ data, rawData }) => [textOf(data), textOf(rawData!)]),
    [
      ['A', 'a'],
      ['', ''],
      ['C', 'c'],
    ],
  )
  assert.deepEqual(failed, [])
  const [{ invocationId, ...event }] = events
  assert.match(invocationId, /^[0-9a-f-]{36}$/)
  const [first, second] = event.records
  assert.deepEqual(
    { ...event, records: [first] },
    {
      deliveryStreamArn,
      region: 'us-east-1',
      records: [{ recordId: '1', approximateArrivalTimestamp: 1_700_000_000_000, data: 'YQ==' }],
    },
  )
  assert.equal(second.data, '')
})

test('of a record of a Kinesis stream a function gets where it stood', async () => {
  const { events, run } = started((event) => echo(event), {
    sourceKinesisStreamArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/s',
  })
  const origin = { shardId: 'shardId-000000000001', sequenceNumber: '49', subSequenceNumber: 2, partitionKey: 'pé' }
  await run([recordOf('a', '1', { origin })])
  assert.equal(events[0].sourceKinesisStreamArn, 'arn:aws:kinesis:us-east-1:000000000000:stream/s')
  assert.deepEqual(events[0].records[0].kinesisRecordMetadata, {
    ...{ shardId: 'shardId-000000000001', partitionKey: 'pé', sequenceNumber: '49', subsequenceNumber: 2 },
    approximateArrivalTimestamp: 1_700_000_000_000,
  })
})

test('what was dropped is gone, and what failed goes to the error output alone, as it came', async () => {
  const results = ['Ok', 'Dropped', 'ProcessingFailed']
  const { counted, run } = started((event) => ({
    records: event.records.map(({ recordId, data }: Returned, index: number) => ({
      recordId,
      result: results[index],
      ...(index === 0 && { data }),
    })),
  }))
  const { failed, records } = await run(recordsOf('keep', 'drop', 'fail'))
  assert.deepEqual(
    records.map(({ data }) => textOf(data)),
    ['keep'],
  )
  const [{ record, attemptEndingMs, ...rest }] = failed as [(typeof failed)[0]]
  assert.equal(textOf(record.data), 'fail')
  assert.deepEqual(rest, {
    errorOutputType: 'processing-failed',
    errorCode: 'Lambda.ProcessingFailedStatus',
    errorMessage: 'ProcessingFailed status set for record',
    attemptsMade: 1,
    details: { lambdaARN: functionArn },
  })
  assert.deepEqual(counted, [
    ['ExecuteProcessing.Duration', 0],
    ['ExecuteProcessing.Success', 1],
    ['SucceedProcessing.Records', 1],
    ['SucceedProcessing.Bytes', 4],
  ])
})

test('an id that is missing, twice there or unknown concerns its record alone, and is not asked for again', async () => {
  const { events, run } = started(
    (event) => ({
      records: [
        ...echo({ records: event.records.slice(1) }).records,
        { recordId: '2', result: 'Ok', data: 'YQ==' },
        { recordId: 'unknown', result: 'Ok', data: 'YQ==' },
      ],
    }),
    { retriesMax: 3 },
  )
  const transformed = await run(recordsOf('missing', 'twice', 'good'))
  assert.deepEqual(
    transformed.records.map(({ data }) => textOf(data)),
    ['good'],
  )
  assert.deepEqual(codesOf(transformed), ['Lambda.MissingRecordId', 'Lambda.DuplicatedRecordId'])
  assert.equal(events.length, 1)
})

test('a record whose result or data is none fails alone', async () => {
  const wrong: Partial<Returned>[] = [
    { result: 'ok' },
    { data: null },
    { data: 'not base64!' },
    { data: 'YQ=' },
    { data: 'YQ-_' },
    { data: 5 as unknown as string },
  ]
  const { run } = started((event) => ({
    records: event.records.map(({ recordId, data }: Returned, index: number) => ({
      ...{ recordId, result: 'Ok', data },
      ...wrong[index],
    })),
  }))
  const transformed = await run(recordsOf(...wrong.map(() => 'x'), 'good'))
  assert.deepEqual(
    transformed.records.map(({ data }) => textOf(data)),
    ['good'],
  )
  assert.deepEqual(codesOf(transformed), [
    'Lambda.FunctionError',
    'Lambda.InvalidReturnFormat',
    ...Array<string>(4).fill('Lambda.FunctionError'),
  ])
})

test('whatever rubbish a function answers, its records are in the error output', async () => {
  const answers: [string, string][] = [
    ['null', 'Lambda.JsonProcessingException'],
    ['"text"', 'Lambda.JsonProcessingException'],
    ['[]', 'Lambda.JsonProcessingException'],
    ['{"records":5}', 'Lambda.JsonProcessingException'],
    ['not JSON', 'Lambda.JsonProcessingException'],
    ['{}', 'Lambda.MissingRecordId'],
    ['{"records":[null,5,[],{}]}', 'Lambda.MissingRecordId'],
    ['{"records":[{"recordId":"1"}]}', 'Lambda.FunctionError'],
    ['{"records":[{"recordId":"1","result":"Ok"}]}', 'Lambda.InvalidReturnFormat'],
  ]
  for (const [answer, code] of answers) {
    const { run } = started(() => answer)
    assert.deepEqual(codesOf(await run(recordsOf('a'))), [code], answer)
  }
})

test('a function that fails is tried again, each time under another id, and then its records are given up', async () => {
  const { clock, events, run } = started(() => failing, { retriesMax: 3 })
  const transformed = run(recordsOf('a', 'b'))
  await clock.advance(60_000)
  const { failed } = await transformed
  assert.deepEqual(
    failed.map(({ errorCode, errorMessage, attemptsMade }) => [errorCode, errorMessage, attemptsMade]),
    Array(2).fill([
      'Lambda.FunctionError',
      'The Lambda function was successfully invoked but it returned an error result.',
      4,
    ]),
  )
  assert.equal(new Set(events.map(({ invocationId }) => invocationId)).size, 4)
  assert.equal(new Set(events.map(({ records }) => JSON.stringify(records))).size, 1)
})

test('a function that fails twice and then works loses nothing', async () => {
  const { clock, counted, run } = started((event, call) => (call < 3 ? failing : echo(event)), { retriesMax: 3 })
  const transformed = run(recordsOf('a'))
  await clock.advance(60_000)
  assert.deepEqual(
    (await transformed).records.map(({ data }) => textOf(data)),
    ['a'],
  )
  assert.deepEqual(
    counted.filter(([metric]) => metric === 'ExecuteProcessing.Success').map(([, value]) => value),
    [0, 0, 1],
  )
})

test('what cannot be invoked is named as AWS names it', async () => {
  const reasons = [
    ['access denied', 'Lambda.InvokeAccessDenied'],
    ['role not assumed', 'Lambda.AssumeRoleAccessDenied'],
    ['not found', 'Lambda.ResourceNotFound'],
    ['throttled', 'Lambda.InvokeLimitExceeded'],
    ['unreachable', 'Lambda.TargetServerFailedToRespond'],
  ] as const
  for (const [reason, code] of reasons) {
    const { clock, events, run } = started(
      () => {
        throw new FunctionNotInvoked(reason, 'why')
      },
      { retriesMax: 1 },
    )
    const transformed = run(recordsOf('a'))
    await clock.advance(10_000)
    assert.deepEqual(codesOf(await transformed), [code])
    assert.equal(events.length, 2)
  }
})

test('a function that never answers is given up after five minutes, and tried again', async () => {
  const aborted: boolean[] = []
  const { clock, events, run } = started(
    async (_event, _call, signal) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      aborted.push(true)
      return {}
    },
    { retriesMax: 1 },
  )
  const transformed = run(recordsOf('a'))
  await clock.advance(299_000)
  assert.equal(events.length, 1)
  await clock.advance(310_000)
  assert.deepEqual(codesOf(await transformed), ['Lambda.FunctionRequestTimedOut'])
  assert.deepEqual([events.length, aborted.length], [2, 2])
})

test('a delivery that stops does not wait for the function', async () => {
  const { transform } = started(() => new Promise(() => {}))
  const stopping = new AbortController()
  const transformed = transform.transform(recordsOf('a'), stopping.signal)
  stopping.abort()
  await assert.rejects(transformed, { name: 'AbortError' })
})

test('calls stay below 6 MB, and all records are in one of them', async () => {
  const { events, payloadBytes, run } = started((event) => echo(event))
  const records = Array.from({ length: 7 }, (_, index) => recordOf(Buffer.alloc(1_000_000, index), `${index}`))
  const empty = Array.from({ length: 10_000 }, (_, index) => recordOf('', `e${index}`))
  const given = [...records, ...empty]
  const transformed = await run(given)
  assert.equal(transformed.records.length, given.length)
  assert.ok(events.length >= 2, `${events.length}`)
  for (const bytes of payloadBytes) assert.ok(bytes <= requestBytesMax, `${bytes}`)
  assert.ok(transformed.records.every(({ data }, index) => Buffer.compare(data, given[index]!.data) === 0))
})

test('a record that no call can carry fails without one, and holds up nobody', async () => {
  const { run } = started((event) => echo(event))
  const transformed = await run([recordOf(new Uint8Array(5_000_000), '1'), recordOf('a', '2')])
  assert.deepEqual([transformed.records.length, codesOf(transformed)], [1, ['Lambda.RequestTooLargeException']])
})

test('records that were one before are told apart', async () => {
  const { events, run } = started((event) => echo(event))
  const { records } = await run([recordOf('a', '7'), recordOf('b', '7'), recordOf('c', '8')])
  assert.deepEqual(
    events[0].records.map(({ recordId }: Returned) => recordId),
    ['7', '7.1', '8'],
  )
  assert.deepEqual(
    records.map(({ data, recordId }) => [textOf(data), recordId]),
    [
      ['a', '7'],
      ['b', '7'],
      ['c', '8'],
    ],
  )
})

test('partition keys are taken from a function where they are asked for', async () => {
  const partitionKeys = { customer: 'c1', year: 2026, isNew: true, none: null, list: [1] }
  const handler = (event: Event) => echo(event, (returned) => ({ ...returned, metadata: { partitionKeys } }))
  const known = recordOf('a', '1', { partitionKeys: { fromQuery: { q: '1' }, fromLambda: {} } })
  const { records } = await started(handler, { isPartitioned: true }).run([known])
  assert.deepEqual(records[0]!.partitionKeys, {
    fromQuery: { q: '1' },
    fromLambda: { customer: 'c1', year: '2026', isNew: 'true' },
  })
  const { records: others } = await started(handler).run(recordsOf('a'))
  assert.equal(others[0]!.partitionKeys, undefined)
})

test('what a function makes of a record may be larger or smaller than it was', async () => {
  const { run } = started((event) => echo(event, (returned) => ({ ...returned, data: base64('x'.repeat(3_000_000)) })))
  const { records } = await run(recordsOf('a'))
  assert.equal(records[0]!.data.byteLength, 3_000_000)
})
