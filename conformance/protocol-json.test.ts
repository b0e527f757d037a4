import assert from 'node:assert/strict'
import { assertSerialization, assertViolations, broken } from './harness/answers.ts'
import { observed, unverified } from './harness/cases.ts'
import { Kinesis } from './harness/kinesis.ts'

const kinesis = new Kinesis()

const body = (text: string | Uint8Array, contentType = 'application/x-amz-json-1.1') =>
  kinesis.ask('ListStreams', {}, { body: text, headers: { 'content-type': contentType } })

const unreadable: readonly (readonly [string, string | Uint8Array])[] = [
  ['nothing but a brace', '{'],
  ['words', 'hello'],
  ['a trailing comma', '{"Limit":1,}'],
  ['single quotes', "{'Limit':1}"],
  ['two objects', '{}{}'],
  ['a comment', '{/**/}'],
  ['NaN', '{"Limit":NaN}'],
  ['an unfinished string', '{"Limit":"'],
  ['a lone number', '1'],
  ['a lone string', '"text"'],
  ['a lone true', 'true'],
  ['bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
]
for (const [what, text] of unreadable)
  observed(`a JSON body of ${what} is a SerializationException that says nothing more`, async () => {
    const answer = await body(text)
    assertSerialization(answer)
    assert.deepEqual(answer.body, { __type: 'SerializationException' })
  })

observed('a list as body is found where none is expected', async () => {
  assertSerialization(await body('[]'), 'Start of list found where not expected')
})

unverified('nesting of a hundred thousand brackets is refused at once and changes nothing', async () => {
  assertSerialization(await body('['.repeat(100_000)))
  assertSerialization(await body(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`))
})

observed('members that nobody knows are ignored', async () => {
  assert.equal((await body('{"Nonsense":{"deep":[1,2]}}')).status, 200)
})

unverified('a member called __proto__ or constructor is only an unknown member', async () => {
  assert.equal((await body('{"__proto__":{"Limit":0},"constructor":{"prototype":1}}')).status, 200)
  assert.equal((await body('{"__proto__":{"Limit":"x"}}')).status, 200)
})

unverified('of a member that is there twice the last one counts', async () => {
  assert.equal((await body('{"Limit":0,"Limit":1}')).status, 200)
  assertViolations(await body('{"Limit":1,"Limit":0}'), broken('0', 'limit', 'have value greater than or equal to 1'))
})

unverified('a tag called __proto__ is a tag', async (t) => {
  const { name } = await kinesis.stream(t)
  const text = `{"StreamName":"${name}","Tags":{"__proto__":"x"}}`
  assert.equal((await kinesis.ask('AddTagsToStream', {}, { body: text })).status, 200)
  const { Tags } = await kinesis.call('ListTagsForStream', { StreamName: name })
  assert.deepEqual(Tags, [{ Key: '__proto__', Value: 'x' }])
})

observed('the content type may carry parameters', async () => {
  assert.equal((await body('{}', 'application/x-amz-json-1.1; charset=utf-8')).status, 200)
})

observed('timestamps are seconds with a fraction', async (t) => {
  const { name } = await kinesis.stream(t)
  const { StreamDescription } = await kinesis.call('DescribeStream', { StreamName: name })
  const { StreamCreationTimestamp: at } = StreamDescription
  assert.ok(typeof at === 'number' && at > 1e9 && at < 1e10, `${at}`)
})

observed('a null member is as one that is not there', async () => {
  assert.equal((await body('{"Limit":null,"NextToken":null}')).status, 200)
})

observed('several broken constraints come in one sentence', async () => {
  const answer = await kinesis.ask('DescribeStream', { StreamName: 'a b', Limit: 10_001, ExclusiveStartShardId: '!' })
  assertViolations(
    answer,
    broken('a b', 'streamName', 'satisfy regular expression pattern: [a-zA-Z0-9_.-]+'),
    broken('10001', 'limit', 'have value less than or equal to 10000'),
    broken('!', 'exclusiveStartShardId', 'satisfy regular expression pattern: [a-zA-Z0-9_.-]+'),
  )
})

observed('plain application/json gets the front end: SerializationException in its own wrapping', async () => {
  const answer = await body('{', 'application/json')
  assert.deepEqual(answer.body, {
    Output: { __type: 'com.amazon.coral.service#SerializationException' },
    Version: '1.0',
  })
})

observed('plain application/json knows no operation', async () => {
  const answer = await body('{}', 'application/json')
  assert.equal(answer.status, 404)
  assert.equal(answer.body.Output.__type, 'com.amazon.coral.service#UnknownOperationException')
})
