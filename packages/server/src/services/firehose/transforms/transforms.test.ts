import assert from 'node:assert/strict'
import { test } from 'node:test'
import { constants, gzipSync } from 'node:zlib'
import { ManualClock } from '@millrace/ports'
import type { FirehoseContext } from '../context.ts'
import type { DeliveryRecord } from '../delivery/delivery-record.ts'
import type { DeliveryStream } from '../delivery-stream.ts'
import { transformsOf } from './transforms.ts'

const never = new AbortController().signal
const page = { lane: 'put', next: '1', left: 0, first: 0, end: 0 }
const record = (data: string | Uint8Array, recordId = 'r'): DeliveryRecord => ({
  ...{ position: 0, recordId, arrivalMs: 7, page },
  data: Buffer.from(data as string),
})
const textsOf = (records: readonly DeliveryRecord[]) => records.map(({ data }) => Buffer.from(data).toString())

type Given = readonly (readonly [type: string, parameters?: Readonly<Record<string, string>>])[]

function transformsFor(given: Given) {
  const Processors = given.map(([Type, parameters = {}]) => ({
    Type,
    Parameters: Object.entries(parameters).map(([ParameterName, ParameterValue]) => ({
      ParameterName,
      ParameterValue,
    })),
  }))
  const settings = { ProcessingConfiguration: { Enabled: true, Processors } }
  const stream = { name: 'd', destination: { kind: 'ExtendedS3', settings } } as unknown as DeliveryStream
  return transformsOf({ clock: new ManualClock() } as unknown as FirehoseContext, stream)
}

/** One record after the other through all of them. */
async function transformed(given: Given, data: string | Uint8Array) {
  let records: readonly DeliveryRecord[] = [record(data)]
  const failed: string[] = []
  for (const transform of transformsFor(given)) {
    const made = await transform.transform(records, never)
    records = made.records
    for (const { errorCode, errorMessage, errorOutputType } of made.failed)
      failed.push(`${errorOutputType}: ${errorCode} ${errorMessage}`)
  }
  return { records, texts: textsOf(records), failed }
}

const refuses = (given: Given, message: string) =>
  assert.throws(
    () => transformsFor(given),
    (error: Error) => error.name === 'InvalidArgumentException' && error.message === message,
  )

test('parameters are checked in the words of AWS', () => {
  refuses([['Decompression', { CompressionFormat: 'ZIP' }]], 'CompressionFormat has to be GZIP')
  const decompression = ['Decompression'] as const
  for (const parameters of [{}, { DataMessageExtraction: 'yes' }] as Record<string, string>[])
    refuses(
      [decompression, ['CloudWatchLogProcessing', parameters]],
      'Invalid parameter value for DataMessageExtraction. Allowed values are True and False.',
    )
  refuses(
    [['CloudWatchLogProcessing', { DataMessageExtraction: 'true' }]],
    'CloudWatchLogProcessingProcessor can only be enabled with DecompressionProcessor',
  )
  refuses([['RecordDeAggregation', { SubRecordType: 'XML' }]], 'SubRecordType has to be one of JSON, DELIMITED')
  refuses([['RecordDeAggregation']], 'SubRecordType has to be one of JSON, DELIMITED')
  refuses([['RecordDeAggregation', { SubRecordType: 'DELIMITED' }]], 'Delimiter should be present for DELIMITED')
  refuses(
    [['RecordDeAggregation', { SubRecordType: 'DELIMITED', Delimiter: '#' }]],
    'Delimiter has to be base64 encoded',
  )
  const count = 'A maximum of 5 and a minimum of 1 processor needs to be supplied when processing is enabled.'
  refuses([], count)
  refuses(
    Array.from({ length: 6 }, () => decompression),
    count,
  )
  refuses([decompression, decompression], 'Cannot have more than 1 Decompression processor.')
})

test('GZIP is decompressed, also of several members, and what is none fails alone with the record as it came', async () => {
  const [transform] = transformsFor([['Decompression']])
  const members = Buffer.concat([gzipSync('one '), gzipSync('two')])
  const cut = gzipSync('cut').subarray(0, -3)
  const given = [record(members, 'a'), record('none', 'b'), record(gzipSync(''), 'c'), record(cut, 'd')]
  const { records, failed, rest } = await transform!.transform(given, never)
  assert.deepEqual(textsOf(records), ['one two', ''])
  assert.deepEqual(records[0]!.rawData, members)
  assert.deepEqual(rest, [])
  assert.deepEqual(
    failed.map(({ record, errorOutputType, errorCode }) => [record.recordId, errorOutputType, errorCode]),
    [
      ['b', 'decompression-failed', 'Decompression failed.'],
      ['d', 'decompression-failed', 'Decompression failed.'],
    ],
  )
  assert.deepEqual(failed[0]!.record.data, Buffer.from('none'))
})

test('a bomb fails, and many that are none do not come at once', async () => {
  const zeros = (bytes: number) => gzipSync(Buffer.alloc(bytes), { level: constants.Z_BEST_SPEED })
  const [transform] = transformsFor([['Decompression', { CompressionFormat: 'GZIP' }]])
  const bomb = await transform!.transform([record(zeros(64 * 1024 * 1024 + 1))], never)
  assert.match(bomb.failed[0]!.errorMessage, /^Decompression failed because the data is larger than 67108864 bytes\.$/)
  const large = zeros(6 * 1024 * 1024)
  const given = Array.from({ length: 8 }, (_, i) => record(large, `${i}`))
  const portions: string[][] = []
  for (let left: readonly DeliveryRecord[] = given; left.length > 0; ) {
    const { records, rest = [] } = await transform!.transform(left, never)
    portions.push(records.map(({ recordId }) => recordId))
    left = rest
  }
  assert.deepEqual(portions, [
    ['0', '1', '2'],
    ['3', '4', '5'],
    ['6', '7'],
  ])
})

const cloudWatchLogs = (extraction: string): Given => [
  ['CloudWatchLogProcessing', { DataMessageExtraction: extraction }],
  ['Decompression'],
]

test('of what CloudWatch Logs sends the messages are left, and its test messages are dropped', async () => {
  const payload = (messageType: string, logEvents: unknown) =>
    gzipSync(JSON.stringify({ messageType, owner: '123456789012', logGroup: 'g', logStream: 's', logEvents }))
  const events = ['one', 'two "quoted"', ''].map((message, id) => ({ id: `${id}`, timestamp: 1, message }))
  const data = payload('DATA_MESSAGE', events)
  assert.deepEqual((await transformed(cloudWatchLogs('true'), data)).texts, ['one\ntwo "quoted"\n\n'])
  assert.deepEqual((await transformed(cloudWatchLogs('True'), payload('CONTROL_MESSAGE', []))).texts, [])
  const [whole] = (await transformed(cloudWatchLogs('false'), data)).texts
  assert.equal(JSON.parse(whole!).logGroup, 'g')
  const wrong = [
    payload('OTHER', events),
    payload('DATA_MESSAGE', {}),
    payload('DATA_MESSAGE', [{}]),
    payload('DATA_MESSAGE', [null]),
  ]
  for (const data of [...wrong, gzipSync('null'), gzipSync('no json'), gzipSync('[]')])
    assert.deepEqual(await transformed(cloudWatchLogs('true'), data), {
      ...{ records: [], texts: [] },
      failed: [
        'decompression-failed: Decompression failed. Decompression failed because input data does not conform to cloudwatch log.',
      ],
    })
})

test('records are taken apart, each with an id of its own and its own data for the error output', async () => {
  const json: Given = [['RecordDeAggregation', { SubRecordType: 'JSON' }]]
  const { records, texts } = await transformed(json, '{"a":1}\n{"a":2}')
  assert.deepEqual(texts, ['{"a":1}', '{"a":2}'])
  assert.deepEqual(
    records.map(({ recordId, rawData, page: of }) => [recordId, rawData, of]),
    [
      ['r000000', undefined, page],
      ['r000001', undefined, page],
    ],
  )
  const one = await transformed(json, '{"a":1}\n')
  assert.deepEqual([one.texts, one.records[0]!.recordId], [['{"a":1}'], 'r'])
  for (const whole of ['[{"a":1}]', 'text', '', '{}'.repeat(501)])
    assert.deepEqual((await transformed(json, whole)).texts, [whole])
  const delimited: Given = [['RecordDeAggregation', { SubRecordType: 'DELIMITED', Delimiter: 'IyMjIw==' }]]
  assert.deepEqual((await transformed(delimited, 'a####b###c####')).texts, ['a', 'b###c'])
})

test('many records that hold many are taken apart portion by portion', async () => {
  const [transform] = transformsFor([['RecordDeAggregation', { SubRecordType: 'JSON' }]])
  const given = Array.from({ length: 50 }, (_, i) => record('{}'.repeat(500), `${i}-`))
  const { records, rest = [] } = await transform!.transform(given, never)
  assert.deepEqual([records.length, rest.length], [10_000, 30])
  assert.equal(rest[0]!.recordId, '20-')
})

test('a delimiter comes behind each record, a newline unless another is given', async () => {
  const delimited = async (Delimiter?: string) =>
    (await transformed([['AppendDelimiterToRecord', Delimiter === undefined ? {} : { Delimiter }]], 'a')).texts[0]
  assert.equal(await delimited(), 'a\n')
  assert.equal(await delimited('\\n'), 'a\n')
  assert.equal(await delimited('\\r\\n'), 'a\r\n')
  assert.equal(await delimited('|'), 'a|')
  assert.equal(await delimited('\\\\n'), 'a\\n')
})

test('the order is that of AWS, whatever order they are given in', async () => {
  const given: Given = [
    ['AppendDelimiterToRecord', { Delimiter: '\\n' }],
    ['RecordDeAggregation', { SubRecordType: 'JSON' }],
    ['Decompression', { CompressionFormat: 'GZIP' }],
  ]
  assert.deepEqual((await transformed(given, gzipSync('{"a":1}{"a":2}'))).texts, ['{"a":1}\n', '{"a":2}\n'])
})
