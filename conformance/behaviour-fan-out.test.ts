import assert from 'node:assert/strict'
import http from 'node:http'
import type { TestContext } from 'node:test'
import { crc32 } from 'node:zlib'
import { assertError } from './harness/answers.ts'
import { docs, observed, sdk, unverified } from './harness/cases.ts'
import { firstShard, Kinesis, type TestStream } from './harness/kinesis.ts'
import { sign } from './harness/signature.ts'
import { notOnAws } from './harness/target.ts'

const kinesis = new Kinesis()

type Frame = { readonly headers: Record<string, string>; readonly payload: Record<string, unknown> }

/*
 * total:u32 headersLength:u32 preludeCrc32:u32  (nameLength:u8 name type:u8=7 length:u16 value)*  payload  crc32:u32
 */
function* framesOf(bytes: Buffer): Generator<Frame> {
  for (let at = 0; at + 12 <= bytes.length && at + bytes.readUInt32BE(at) <= bytes.length; ) {
    const total = bytes.readUInt32BE(at)
    const frame = bytes.subarray(at, at + total)
    assert.equal(frame.readUInt32BE(8), crc32(frame.subarray(0, 8)), 'the prelude has its CRC')
    assert.equal(frame.readUInt32BE(total - 4), crc32(frame.subarray(0, total - 4)), 'the message has its CRC')
    const headers: Record<string, string> = {}
    const headersEnd = 12 + frame.readUInt32BE(4)
    for (let head = 12; head < headersEnd; ) {
      const nameEnd = head + 1 + frame[head]!
      assert.equal(frame[nameEnd], 7)
      const valueEnd = nameEnd + 3 + frame.readUInt16BE(nameEnd + 1)
      headers[frame.toString('utf8', head + 1, nameEnd)] = frame.toString('utf8', nameEnd + 3, valueEnd)
      head = valueEnd
    }
    yield { headers, payload: JSON.parse(frame.toString('utf8', headersEnd, total - 4)) }
    at += total
  }
}

/** Subscribes over HTTP/1.1; `frames` resolves as soon as `enough` says so of all that came. */
async function subscribe(t: TestContext, ConsumerARN: string, StartingPosition: object) {
  const body = Buffer.from(JSON.stringify({ ConsumerARN, ShardId: firstShard, StartingPosition }))
  const url = new URL('/', kinesis.target.url)
  const headers = {
    host: url.host,
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': 'Kinesis_20131202.SubscribeToShard',
  }
  const signed = await sign(kinesis.target, { method: 'POST', url, headers, body })
  const request = http.request(url, { method: 'POST', headers: signed, agent: false })
  t.after(() => request.destroy())
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    request.once('response', resolve).once('error', reject).end(body)
  })
  let bytes = Buffer.alloc(0)
  const frames = async (enough: (frames: Frame[]) => boolean): Promise<Frame[]> => {
    while (!enough([...framesOf(bytes)])) {
      const chunk: Buffer | null = response.read()
      if (chunk) bytes = Buffer.concat([bytes, chunk])
      else if (response.readableEnded) throw new Error('the stream ended')
      else
        await new Promise<void>((resolve) => {
          const go = () => {
            response.off('readable', go).off('end', go)
            resolve()
          }
          response.once('readable', go).once('end', go)
        })
    }
    return [...framesOf(bytes)]
  }
  return { response, frames }
}

// biome-ignore lint/suspicious/noExplicitAny: the cases say what they expect of it
const recordsIn = (frames: readonly Frame[]): any[] =>
  frames.flatMap(({ payload }) => (payload.Records ?? []) as unknown[])

async function withConsumer(t: TestContext): Promise<TestStream & { consumer: string }> {
  const stream = await kinesis.stream(t)
  return { ...stream, consumer: await kinesis.consumer(stream) }
}

sdk(
  'a subscription begins with initial-response at once, before any record',
  async (t) => {
    const { consumer } = await withConsumer(t)
    const { response, frames } = await subscribe(t, consumer, { Type: 'LATEST' })
    assert.equal(response.headers['content-type'], 'application/vnd.amazon.eventstream')
    const [first] = await frames((all) => all.length > 0)
    assert.deepEqual([first!.headers[':message-type'], first!.headers[':event-type']], ['event', 'initial-response'])
    assert.deepEqual(first!.payload, {})
  },
  notOnAws,
)

docs(
  'records that are there come first, and later ones are pushed',
  async (t) => {
    const { name, consumer } = await withConsumer(t)
    await kinesis.put(name, 'a')
    const { frames } = await subscribe(t, consumer, { Type: 'TRIM_HORIZON' })
    await frames((all) => recordsIn(all).length === 1)
    await kinesis.put(name, 'b')
    const all = await frames((seen) => recordsIn(seen).length === 2)
    assert.deepEqual(
      recordsIn(all).map(({ Data }) => Buffer.from(Data, 'base64').toString()),
      ['a', 'b'],
    )
    const event = all.at(-1)!
    assert.equal(event.headers[':event-type'], 'SubscribeToShardEvent')
    assert.ok(event.payload.ContinuationSequenceNumber)
    assert.equal(typeof event.payload.MillisBehindLatest, 'number')
  },
  notOnAws,
)

docs(
  'a subscription to a shard that is split ends with its children',
  async (t) => {
    const { name, consumer } = await withConsumer(t)
    const { frames } = await subscribe(t, consumer, { Type: 'LATEST' })
    await frames((all) => all.length > 0)
    await kinesis.call('SplitShard', {
      StreamName: name,
      ShardToSplit: firstShard,
      NewStartingHashKey: `${2n ** 127n}`,
    })
    const hasChildren = ({ payload }: Frame) => ((payload.ChildShards ?? []) as unknown[]).length === 2
    const all = await frames((seen) => seen.some(hasChildren))
    assert.ok(hasChildren(all.at(-1)!))
  },
  notOnAws,
)

docs(
  'the same consumer and shard again within five seconds is in use',
  async (t) => {
    const { consumer } = await withConsumer(t)
    const { frames } = await subscribe(t, consumer, { Type: 'LATEST' })
    await frames((all) => all.length > 0)
    const input = { ConsumerARN: consumer, ShardId: firstShard, StartingPosition: { Type: 'LATEST' } }
    const answer = await kinesis.ask('SubscribeToShard', input)
    assertError(answer, 'ResourceInUseException', /^Another active subscription exists for this consumer: /)
  },
  notOnAws,
)

observed('a consumer that is not ACTIVE yet cannot be subscribed', async (t) => {
  const { arn, name, accountId } = await kinesis.stream(t)
  const { Consumer } = await kinesis.call('RegisterStreamConsumer', { StreamARN: arn, ConsumerName: 'reader' })
  const input = {
    ConsumerARN: Consumer.ConsumerARN,
    ShardId: firstShard,
    StartingPosition: { Type: 'LATEST' },
    DryRun: true,
  }
  const answer = await kinesis.ask('SubscribeToShard', input)
  if (/^DryRun/.test(answer.body.__type)) return t.skip('the consumer was ACTIVE at once')
  const [, second] = /:(\d+)$/.exec(Consumer.ConsumerARN)!
  assertError(
    answer,
    'ResourceInUseException',
    `Consumer reader with creation timestamp ${second} under stream: ${name} , account ${accountId} is not in ACTIVE status.`,
  )
})

unverified('a consumer that is not there cannot be subscribed', async (t) => {
  const { arn } = await kinesis.stream(t)
  const ConsumerARN = `${arn}/consumer/nobody:1700000000`
  const input = { ConsumerARN, ShardId: firstShard, StartingPosition: { Type: 'LATEST' } }
  assertError(await kinesis.ask('SubscribeToShard', input), 'ResourceNotFoundException')
})

docs('a consumer name is taken once for each stream', async (t) => {
  const stream = await kinesis.stream(t)
  const arn = await kinesis.consumer(stream)
  assert.match(arn, new RegExp(`^${stream.arn}/consumer/reader:\\d{10}$`))
  const again = await kinesis.ask('RegisterStreamConsumer', { StreamARN: stream.arn, ConsumerName: 'reader' })
  assertError(again, 'ResourceInUseException')
})

docs('a stream with consumers is deleted only with EnforceConsumerDeletion', async (t) => {
  const { name } = await withConsumer(t)
  assertError(await kinesis.ask('DeleteStream', { StreamName: name }), 'ResourceInUseException')
  assert.equal((await kinesis.ask('DeleteStream', { StreamName: name, EnforceConsumerDeletion: true })).status, 200)
})

observed('a new consumer is CREATING with its ARN and time', async (t) => {
  const { arn } = await kinesis.stream(t)
  const { Consumer } = await kinesis.call('RegisterStreamConsumer', { StreamARN: arn, ConsumerName: 'c' })
  assert.equal(Consumer.ConsumerStatus, 'CREATING')
  assert.equal(Consumer.ConsumerName, 'c')
  assert.equal(typeof Consumer.ConsumerCreationTimestamp, 'number')
})
