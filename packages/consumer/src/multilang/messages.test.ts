import assert from 'node:assert/strict'
import { test } from 'node:test'
import { processRecordsRequest, readMessage } from './messages.ts'

test('a status and checkpoints in all their forms are messages', () => {
  assert.deepEqual(readMessage('{"action":"status","responseFor":"initialize"}'), {
    kind: 'status',
    responseFor: 'initialize',
  })
  const checkpoint = (line: string) => {
    const message = readMessage(line)
    return message?.kind === 'checkpoint' ? [message.sequenceNumber, message.subSequenceNumber] : undefined
  }
  assert.deepEqual(checkpoint('{"action":"checkpoint","sequenceNumber":null,"subSequenceNumber":null}'), [
    undefined,
    undefined,
  ])
  assert.deepEqual(checkpoint('{"action":"checkpoint"}'), [undefined, undefined])
  assert.deepEqual(checkpoint('{"action":"checkpoint","sequenceNumber":"7","subSequenceNumber":"2"}'), ['7', 2])
  assert.deepEqual(checkpoint('{"action":"checkpoint","checkpoint":"7"}'), ['7', undefined])
})

test('a sequence number that is written as a number keeps all its digits', () => {
  const digits = '49590338271490256608559692538361571095921575989136588898'
  assert.deepEqual(readMessage(`{"action":"checkpoint","sequenceNumber":${digits}}`), {
    kind: 'checkpoint',
    sequenceNumber: digits,
    subSequenceNumber: undefined,
  })
})

test('everything else that a program prints is no message', () => {
  const lines = ['', 'hello', '{', '[]', 'null', '7', '{"action":"status"}', '{"action":"status","responseFor":7}']
  lines.push('{"action":"other"}', '{"action":"checkpoint","sequenceNumber":{}}', '{"responseFor":"initialize"}')
  lines.push('{"action":"checkpoint","subSequenceNumber":-1}', '{"action":"checkpoint","subSequenceNumber":1.5}')
  for (const line of lines) assert.equal(readMessage(line), undefined, line)
})

test('records go to the child with their bytes in base64 and their time in milliseconds', () => {
  const whole = Buffer.from('..\x00\xffdata', 'latin1')
  const record = {
    data: whole.subarray(2),
    partitionKey: 'kéy',
    explicitHashKey: undefined,
    sequenceNumber: '42',
    subSequenceNumber: 3,
    approximateArrivalTimestamp: new Date(1234),
    aggregated: false,
  }
  assert.deepEqual(processRecordsRequest([record], 17), {
    action: 'processRecords',
    records: [
      {
        action: 'record',
        data: 'AP9kYXRh',
        partitionKey: 'kéy',
        sequenceNumber: '42',
        subSequenceNumber: 3,
        approximateArrivalTimestamp: 1234,
      },
    ],
    millisBehindLatest: 17,
  })
})
