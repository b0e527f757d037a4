import assert from 'node:assert/strict'
import { test } from 'node:test'
import { arnOf, dataOf, type Event, InvocationStops, lambdaFixture } from '../fixture.ts'
import { FunctionUnreachable } from '../functions/invocation.ts'

/* Batches of one shard or more, and how far a mapping comes with them. The clock is moved by hand. */

const firstShard = 'shardId-000000000000'

test('an event is the one that AWS sends, member by member', async (t) => {
  const { clock, events, map, put } = await lambdaFixture(t)
  await map()
  await clock.advance(623)
  await put('key:data')
  const [event] = events
  const { sequenceNumber } = event.Records[0].kinesis
  assert.match(sequenceNumber, /^\d{56}$/)
  assert.deepEqual(event, {
    Records: [
      {
        kinesis: {
          kinesisSchemaVersion: '1.0',
          partitionKey: 'key',
          sequenceNumber,
          data: Buffer.from('key:data').toString('base64'),
          approximateArrivalTimestamp: clock.nowMs() / 1000,
        },
        eventSource: 'aws:kinesis',
        eventVersion: '1.0',
        eventID: `${firstShard}:${sequenceNumber}`,
        eventName: 'aws:kinesis:record',
        invokeIdentityArn: 'arn:aws:iam::000000000000:role/millrace',
        awsRegion: 'us-east-1',
        eventSourceARN: arnOf('s'),
      },
    ],
  })
})

test('a batch has BatchSize records at most, and they come in order', async (t) => {
  const { events, map, putAll } = await lambdaFixture(t)
  await putAll(['a', 'b', 'c', 'd', 'e'])
  await map({ BatchSize: 2 })
  assert.deepEqual(events.map(dataOf), [['a', 'b'], ['c', 'd'], ['e']])
})

test('a batch waits for company as long as its window, and no longer when it is full', async (t) => {
  const { clock, events, map, put } = await lambdaFixture(t)
  await map({ BatchSize: 3, MaximumBatchingWindowInSeconds: 10 })
  await put('a')
  await clock.advance(6000)
  await put('b')
  await clock.advance(3000)
  assert.equal(events.length, 0)
  await clock.advance(1000)
  assert.deepEqual(events.map(dataOf), [['a', 'b']])
  await put('c', 'd', 'e', 'f')
  assert.deepEqual(events.map(dataOf), [
    ['a', 'b'],
    ['c', 'd', 'e'],
  ])
})

test('an event is never larger than 6 MiB, and a record that is alone too large is given up', async (t) => {
  const { call, clock, events, map, objects, put } = await lambdaFixture(t)
  await call('UpdateMaxRecordSize', { StreamARN: arnOf('s'), MaxRecordSizeInKiB: 10_240 })
  await clock.advance(1000)
  const large = 'x'.repeat(2_000_000)
  await put(`1:${large}`, `2:${large}`, `3:${large}`, `4:${large.repeat(3)}`, '5:small')
  const destination = { OnFailure: { Destination: 'arn:aws:s3:::failed' } }
  await map({ DestinationConfig: destination })
  await clock.advance(1000)
  assert.deepEqual(
    events.map((event) => dataOf(event).map((data) => data[0])),
    [['1', '2'], ['3'], ['5']],
  )
  const [failure] = [...objects.values()].map((text) => JSON.parse(text))
  assert.equal(failure.KinesisBatchInfo.batchSize, 1)
})

test('LATEST begins with what comes after the mapping was made, AT_TIMESTAMP at its time', async (t) => {
  const { clock, events, map, put } = await lambdaFixture(t)
  await put('old')
  await clock.advance(1000)
  const StartingPositionTimestamp = new Date(clock.nowMs())
  await put('between')
  await map({ StartingPosition: 'LATEST' })
  await map({ FunctionName: 'g', StartingPosition: 'AT_TIMESTAMP', StartingPositionTimestamp })
  await put('new')
  assert.deepEqual(events.map(dataOf), [['between'], ['new'], ['new']])
})

test('a failed batch is tried again until it succeeds, the pauses doubling, and what follows waits', async (t) => {
  const { clock, handle, map, putAll, seen } = await lambdaFixture(t)
  handle((_event, call) => {
    if (call <= 3) throw new Error()
  })
  await putAll(['a', 'b'])
  await map({ BatchSize: 1 })
  await clock.advance(500)
  assert.deepEqual(seen(), ['a', 'a'])
  await clock.advance(2000)
  assert.deepEqual(seen(), ['a', 'a', 'a', 'a', 'b'])
})

test('after MaximumRetryAttempts a batch goes to the bucket as AWS writes it, and the next one follows', async (t) => {
  const { clock, events, handle, map, objects, putAll } = await lambdaFixture(t)
  handle((event) => {
    if (dataOf(event).includes('bad')) throw new Error()
  })
  await putAll(['bad', 'worse', 'good', 'better'])
  const DestinationConfig = { OnFailure: { Destination: 'arn:aws:s3:::failed' } }
  const uuid = await map({ BatchSize: 2, MaximumRetryAttempts: 2, DestinationConfig })
  await clock.advance(5000)
  assert.deepEqual(events.map(dataOf), [...new Array(3).fill(['bad', 'worse']), ['good', 'better']])
  const [[path, text] = []] = objects
  assert.match(path!, new RegExp(`^failed/aws/lambda/${uuid}/${firstShard}/2026-01-01T00\\.00\\.\\d\\d-[0-9a-f-]{36}$`))
  const { KinesisBatchInfo, payload, requestContext, timestamp, ...rest } = JSON.parse(text!)
  const numbers = events[0].Records.map(({ kinesis }: Event) => kinesis.sequenceNumber)
  const arrived = new Date(events[0].Records[0].kinesis.approximateArrivalTimestamp * 1000).toISOString()
  assert.deepEqual(KinesisBatchInfo, {
    shardId: firstShard,
    startSequenceNumber: numbers[0],
    endSequenceNumber: numbers[1],
    approximateArrivalOfFirstRecord: arrived,
    approximateArrivalOfLastRecord: arrived,
    batchSize: 2,
    streamArn: arnOf('s'),
  })
  assert.deepEqual(JSON.parse(payload), events[0])
  assert.match(requestContext.requestId, /^[0-9a-f-]{36}$/)
  assert.deepEqual(
    { ...requestContext, requestId: '' },
    {
      requestId: '',
      functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:f',
      condition: 'RetryAttemptsExhausted',
      approximateInvokeCount: 3,
    },
  )
  assert.match(timestamp, /^2026-01-01T00:00:/)
  assert.deepEqual(rest, {
    responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    version: '1.0',
  })
})

test('bisecting finds a poison record, and only that is given up', async (t) => {
  const { clock, handle, map, objects, putAll, seen } = await lambdaFixture(t)
  const done: string[] = []
  handle((event) => {
    if (dataOf(event).includes('poison')) throw new Error()
    done.push(...dataOf(event))
  })
  await putAll(['a', 'b', 'poison', 'c', 'd'])
  const DestinationConfig = { OnFailure: { Destination: 'arn:aws:s3:::failed' } }
  await map({ BisectBatchOnFunctionError: true, MaximumRetryAttempts: 1, DestinationConfig })
  await clock.advance(5000)
  assert.deepEqual(done, ['a', 'b', 'c', 'd'])
  assert.equal(seen().filter((text) => text === 'poison').length, 4)
  assert.equal(JSON.parse([...objects.values()][0]!).KinesisBatchInfo.batchSize, 1)
})

test('ReportBatchItemFailures: what is before the lowest failed number is done, and the rest comes again', async (t) => {
  const { clock, events, handle, map, putAll } = await lambdaFixture(t)
  handle((event, call) => {
    const failed = event.Records.filter(({ kinesis }: Event) => call === 1 && atob(kinesis.data) >= 'c')
    return {
      batchItemFailures: failed.map(({ kinesis }: Event) => ({ itemIdentifier: kinesis.sequenceNumber })).reverse(),
    }
  })
  await putAll(['a', 'b', 'c', 'd'])
  await map({ FunctionResponseTypes: ['ReportBatchItemFailures'] })
  await clock.advance(1000)
  assert.deepEqual(events.map(dataOf), [
    ['a', 'b', 'c', 'd'],
    ['c', 'd'],
  ])
})

test('without ReportBatchItemFailures nobody reads what a function reports', async (t) => {
  const { clock, events, handle, map, put } = await lambdaFixture(t)
  handle(() => ({ batchItemFailures: [{ itemIdentifier: '' }] }))
  await put('a')
  await map()
  await clock.advance(60_000)
  assert.equal(events.length, 1)
})

test('records older than MaximumRecordAgeInSeconds are given up', async (t) => {
  const { clock, handle, map, objects, put, seen } = await lambdaFixture(t)
  handle((event) => {
    if (dataOf(event).includes('a')) throw new Error()
  })
  await put('a')
  const DestinationConfig = { OnFailure: { Destination: 'arn:aws:s3:::failed' } }
  await map({ MaximumRecordAgeInSeconds: 60, DestinationConfig })
  await put('b')
  await clock.advance(120_000)
  const { requestContext } = JSON.parse([...objects.values()][0]!)
  assert.equal(requestContext.condition, 'RecordAgeExceeded')
  assert.ok(requestContext.approximateInvokeCount > 5)
  assert.equal(seen().at(-1), 'b')
})

test('a record past the retention of its stream is given up, however often it may be tried', async (t) => {
  const { clock, handle, map, put, seen } = await lambdaFixture(t)
  handle(() => {
    throw new Error()
  })
  await put('a')
  await map()
  await clock.advance(25 * 3_600_000)
  const tries = seen().length
  await clock.advance(3_600_000)
  assert.equal(seen().length, tries)
})

test('a function that cannot be asked is asked again, and nothing is given up', async (t) => {
  const { clock, handle, map, put, seen } = await lambdaFixture(t)
  let isDown = true
  handle(() => {
    if (isDown) throw new InvocationStops(new FunctionUnreachable('down'))
  })
  await put('a')
  const uuid = await map({ MaximumRetryAttempts: 0 })
  await clock.advance(10_000)
  isDown = false
  await clock.advance(60_000)
  await put('b')
  assert.equal(new Set(seen()).size, 2)
  assert.equal(seen().filter((text) => text === 'b').length, 1)
  assert.ok(uuid)
})

test('ParallelizationFactor: batches of a shard run side by side, and each key keeps its order', async (t) => {
  const { clock, handle, map, putAll } = await lambdaFixture(t)
  let running = 0
  let most = 0
  const done: string[] = []
  handle(async (event) => {
    most = Math.max(most, ++running)
    await clock.sleep(1000)
    running--
    done.push(...dataOf(event))
  })
  const keys = ['p', 'q', 'r', 's', 't', 'u', 'v', 'w']
  await putAll(['0', '1', '2'].flatMap((n) => keys.map((key) => `${key}:${n}`)))
  await map({ ParallelizationFactor: 4, BatchSize: 1 })
  await clock.advance(60_000)
  assert.equal(most, 4)
  for (const key of keys)
    assert.deepEqual(
      done.filter((text) => text.startsWith(key)),
      ['0', '1', '2'].map((n) => `${key}:${n}`),
    )
})

test('a batch of one key that fails holds up that key only', async (t) => {
  const { clock, handle, map, putAll, seen } = await lambdaFixture(t)
  handle((event) => {
    if (dataOf(event).includes('bad:0')) throw new Error()
  })
  await putAll(['bad:0', 'a:0', 'b:0', 'c:0', 'd:0', 'e:0', 'f:0', 'bad:1'])
  await map({ ParallelizationFactor: 10, BatchSize: 1 })
  await clock.advance(10_000)
  assert.ok(!seen().includes('bad:1'))
  assert.ok(new Set(seen()).size >= 5, [...new Set(seen())].join())
})

test('children are read after their parents, through splits and merges, and nothing is left out', async (t) => {
  const { call, clock, handle, map, put, seen } = await lambdaFixture(t)
  let isHeld = true
  handle(() => {
    if (isHeld) throw new Error()
  })
  await map()
  await put('a:1', 'b:1', 'c:1')
  await call('SplitShard', { StreamName: 's', ShardToSplit: firstShard, NewStartingHashKey: `${2n ** 127n}` })
  await clock.advance(1000)
  await put('a:2', 'b:2', 'c:2')
  await call('MergeShards', {
    StreamName: 's',
    ShardToMerge: 'shardId-000000000001',
    AdjacentShardToMerge: 'shardId-000000000002',
  })
  await clock.advance(1000)
  await put('a:3', 'b:3', 'c:3')
  await clock.advance(60_000)
  assert.deepEqual([...new Set(seen())], ['a:1'], 'the parent is not done')
  const before = seen().length
  isHeld = false
  await clock.advance(120_000)
  const got = seen().slice(before)
  assert.deepEqual([...got].sort(), ['a:1', 'a:2', 'a:3', 'b:1', 'b:2', 'b:3', 'c:1', 'c:2', 'c:3'])
  for (const key of ['a', 'b', 'c'])
    assert.deepEqual(
      got.filter((text) => text.startsWith(key)),
      [1, 2, 3].map((n) => `${key}:${n}`),
    )
})

test('several mappings and functions read one stream, each by itself', async (t) => {
  const { clock, events, handle, map, put } = await lambdaFixture(t)
  handle((event) => {
    if (event.Records.length > 5) throw new Error()
  })
  await map()
  await map({ FunctionName: 'g' })
  await put('a')
  await clock.advance(1000)
  assert.deepEqual(events.map(dataOf), [['a'], ['a']])
})

test("a mapping on a registered consumer's ARN reads by its throughput, and says so in the event", async (t) => {
  const { call, clock, events, map, put, seen } = await lambdaFixture(t, { limits: { shardReadsPerSecond: 1 } })
  const { Consumer } = await call('RegisterStreamConsumer', { StreamARN: arnOf('s'), ConsumerName: 'c' })
  await clock.advance(1000)
  await map({ EventSourceArn: Consumer.ConsumerARN })
  await put('a', 'b', 'c', 'd')
  assert.deepEqual(seen(), ['a', 'b', 'c', 'd'])
  assert.equal(events[0].Records[0].eventSourceARN, Consumer.ConsumerARN)
})

test('FilterCriteria: only what a pattern matches is delivered, and the rest is done with', async (t) => {
  const { clock, events, map, put, restart } = await lambdaFixture(t)
  await put('{"n":1}', '{"n":2}', 'plain')
  const Filters = [{ Pattern: '{"data":{"n":[{"numeric":[">",1]}]}}' }, { Pattern: '{"data":["plain"]}' }]
  await map({ FilterCriteria: { Filters } })
  assert.deepEqual(events.map(dataOf), [['{"n":2}', 'plain']])
  await put('{"n":0}')
  await clock.advance(60_000)
  await restart()
  await put('{"n":3}')
  assert.deepEqual(events.map(dataOf), [['{"n":2}', 'plain'], ['{"n":3}']])
})
