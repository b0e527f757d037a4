import assert from 'node:assert/strict'
import { encode, Token, Type } from 'cborg'
import { assertError, assertSerialization, assertViolations, broken } from './harness/answers.ts'
import { observed, unverified } from './harness/cases.ts'
import { firstShard, type Input, Kinesis } from './harness/kinesis.ts'

const kinesis = new Kinesis()

const headers = { 'content-type': 'application/x-amz-cbor-1.1' }
const bytes = (operation: string, body: Uint8Array | string) => kinesis.ask(operation, {}, { body, headers })
const ask = (operation: string, input: Input) => bytes(operation, encode(input, { typeEncoders: { Date: dateTokens } }))

/** Tag 1 with whole milliseconds, as the Java SDK writes it. */
const dateTokens = (date: Date) => [new Token(Type.tag, 1), new Token(Type.uint, date.getTime())]

observed('a CBOR request is answered in CBOR', async () => {
  const answer = await ask('ListStreams', {})
  assert.equal(answer.headers['content-type'], 'application/x-amz-cbor-1.1')
  assert.ok(Array.isArray(answer.body.StreamNames))
})

observed('an error of a CBOR request is CBOR', async () => {
  const answer = await ask('DescribeStreamSummary', { StreamName: 'conformance-nowhere' })
  assert.equal(answer.headers['content-type'], 'application/x-amz-cbor-1.1')
  assertError(answer, 'ResourceNotFoundException', /^Stream conformance-nowhere under account \d{12} not found\.$/)
})

observed('blobs are byte strings, in and out', async (t) => {
  const { name } = await kinesis.stream(t)
  const Data = Buffer.from([0, 1, 2, 255])
  assert.equal((await ask('PutRecord', { StreamName: name, PartitionKey: 'key', Data })).status, 200)
  const { ShardIterator } = (
    await ask('GetShardIterator', { StreamName: name, ShardId: firstShard, ShardIteratorType: 'TRIM_HORIZON' })
  ).body
  const { Records } = (await ask('GetRecords', { ShardIterator })).body
  assert.deepEqual(Buffer.from(Records[0].Data), Data)
})

observed('timestamps are tag 1 with milliseconds, out and in', async (t) => {
  const { name } = await kinesis.stream(t)
  const { StreamDescription } = (await ask('DescribeStream', { StreamName: name })).body
  const at: Date = StreamDescription.StreamCreationTimestamp
  assert.ok(at instanceof Date && Math.abs(at.getTime() - Date.now()) < 600_000, `${at}`)
  const input = { StreamName: name, ShardId: firstShard, ShardIteratorType: 'AT_TIMESTAMP', Timestamp: at }
  assert.equal((await ask('GetShardIterator', input)).status, 200)
})

observed('constraints are named as in JSON', async () => {
  assertViolations(
    await ask('ListStreams', { Limit: 0 }),
    broken('0', 'limit', 'have value greater than or equal to 1'),
  )
})

observed('a text where a number belongs is a SerializationException', async () => {
  assertSerialization(
    await ask('ListStreams', { Limit: '1' }),
    'class java.lang.String can not be converted to an Integer',
  )
})

observed('no body at all is answered in CBOR', async () => {
  const answer = await bytes('ListStreams', '')
  assert.match(String(answer.headers['content-type']), /cbor/)
  assert.equal(answer.status >= 400 && answer.status < 500, true)
})

const damaged: readonly (readonly [string, Uint8Array])[] = [
  ['a break alone', Buffer.from([0xff])],
  ['a map that ends early', Buffer.from([0xa2, 0x61, 0x61])],
  ['a byte string of four gigabytes that is not there', Buffer.from([0xa1, 0x61, 0x61, 0x5a, 0xff, 0xff, 0xff, 0xff])],
  ['a list of four gigabytes that is not there', Buffer.from([0xa1, 0x61, 0x61, 0x9a, 0xff, 0xff, 0xff, 0xff])],
  ['reserved length bits', Buffer.from([0xbc, 0x00])],
  ['lists nested a hundred thousand deep', Buffer.alloc(100_000, 0x81)],
  ['tags nested a hundred thousand deep', Buffer.alloc(100_000, 0xc1)],
]
for (const [what, body] of damaged)
  unverified(`a CBOR body of ${what} is a SerializationException`, async () => {
    assertSerialization(await bytes('ListStreams', body))
  })

unverified('a map of indefinite length is read', async () => {
  assert.equal((await bytes('ListStreams', Buffer.from([0xbf, 0xff]))).status, 200)
})

unverified('a __proto__ member is only an unknown member', async () => {
  const body = Buffer.concat([Buffer.from([0xa1, 0x69]), Buffer.from('__proto__'), Buffer.from([0xa0])])
  assert.equal((await bytes('ListStreams', body)).status, 200)
})
