import assert from 'node:assert/strict'
import { test } from 'node:test'
import { arnOf, dataOf, lambdaFixture } from '../fixture.ts'

/* Restarts, changes and the end of a mapping; what is written of its progress. */

const prefix = 'lambda/checkpoint/'

test('after a restart delivery goes on behind the last batch that was done', async (t) => {
  const { clock, events, map, putAll, restart } = await lambdaFixture(t)
  await map({ BatchSize: 2 })
  await putAll(['a', 'b', 'c'])
  await restart()
  await putAll(['d'])
  assert.deepEqual(events.map(dataOf), [['a', 'b'], ['c'], ['d']])
  await clock.advance(10_000)
  assert.equal(events.length, 3)
})

test('what fails while the server stops is neither given up nor lost', async (t) => {
  const { clock, handle, map, objects, put, restart, seen } = await lambdaFixture(t)
  let fail = () => {}
  handle(
    () =>
      new Promise((_resolve, reject) => {
        fail = () => reject(new Error('its process was killed'))
      }),
  )
  const DestinationConfig = { OnFailure: { Destination: 'arn:aws:s3:::failed' } }
  await map({ MaximumRetryAttempts: 0, DestinationConfig })
  await put('a')
  const restarted = restart()
  handle(() => null)
  fail()
  await restarted
  await clock.advance(1000)
  assert.deepEqual(seen(), ['a', 'a'])
  assert.equal(objects.size, 0)
})

test('a batch in the middle of a partial failure is taken up where it was', async (t) => {
  const { clock, events, handle, map, putAll, restart } = await lambdaFixture(t)
  handle((event, call) => {
    if (call > 1) throw new Error()
    return { batchItemFailures: [{ itemIdentifier: event.Records[1].kinesis.sequenceNumber }] }
  })
  await putAll(['a', 'b', 'c', 'd', 'e'])
  await map({ BatchSize: 3, FunctionResponseTypes: ['ReportBatchItemFailures'] })
  handle(() => null)
  await restart()
  await clock.advance(1000)
  assert.deepEqual(events.map(dataOf), [['a', 'b', 'c'], ['b', 'c'], ['b', 'c', 'd'], ['e']])
})

test('side by side: after a restart no lane repeats what it had done, though another was far behind', async (t) => {
  const { clock, handle, map, putAll, restart, seen } = await lambdaFixture(t)
  const isSlow = (text: string) => text.startsWith('slow')
  handle((event) => {
    if (dataOf(event).some(isSlow)) throw new Error()
  })
  const texts = ['slow:0', ...Array.from({ length: 40 }, (_, n) => `key${n}:${n}`)]
  await putAll(texts)
  await map({ ParallelizationFactor: 4, BatchSize: 1 })
  await clock.advance(1000)
  const before = seen().filter((text) => !isSlow(text))
  assert.ok(before.length > 20, 'other lanes have gone on')
  await restart()
  handle(() => null)
  await clock.advance(100_000)
  assert.deepEqual([...new Set(seen())].sort(), texts.sort())
  const twice = seen().filter((text, i, all) => !isSlow(text) && all.indexOf(text) !== i)
  assert.deepEqual(twice, [])
})

test('the catalog is written once for each batch, not for each record, and not while nothing happens', async (t) => {
  const { catalog, clock, map, putAll } = await lambdaFixture(t)
  await map()
  let writes = 0
  catalog.watch(prefix, () => writes++)
  await putAll(Array.from({ length: 250 }, (_, n) => `${n}`))
  assert.equal(writes, 3)
  await clock.advance(600_000)
  assert.equal(writes, 3)
})

test('states follow each other as on AWS, and nothing may be changed meanwhile', async (t) => {
  const { clock, lambda, put, seen } = await lambdaFixture(t)
  const inUse = (verb: string) => ({
    code: 'ResourceInUseException',
    message: `Cannot ${verb} the event source mapping because it is in use.`,
  })
  const created = await lambda('CreateEventSourceMapping', {
    FunctionName: 'f',
    EventSourceArn: arnOf('s'),
    StartingPosition: 'TRIM_HORIZON',
  })
  const { UUID } = created
  assert.equal(created.State, 'Creating')
  await assert.rejects(lambda('UpdateEventSourceMapping', { UUID, BatchSize: 1 }), inUse('update'))
  await assert.rejects(lambda('DeleteEventSourceMapping', { UUID }), inUse('delete'))
  const stateAfter = async () => {
    await clock.advance(100)
    return (await lambda('GetEventSourceMapping', { UUID })).State
  }
  assert.equal(await stateAfter(), 'Enabled')
  const update = async (more: object) => (await lambda('UpdateEventSourceMapping', { UUID, ...more })).State
  assert.deepEqual([await update({ BatchSize: 1 }), await stateAfter()], ['Updating', 'Enabled'])
  assert.deepEqual([await update({ Enabled: false }), await stateAfter()], ['Disabling', 'Disabled'])
  await put('while disabled')
  assert.deepEqual(seen(), [])
  assert.deepEqual([await update({ BatchSize: 2 }), await stateAfter()], ['Updating', 'Disabled'])
  assert.deepEqual([await update({ Enabled: true }), await stateAfter()], ['Enabling', 'Enabled'])
  assert.deepEqual(seen(), ['while disabled'])
  assert.equal((await lambda('DeleteEventSourceMapping', { UUID })).State, 'Deleting')
  await clock.advance(100)
  await assert.rejects(lambda('GetEventSourceMapping', { UUID }), {
    code: 'ResourceNotFoundException',
    message: 'The resource you requested does not exist.',
  })
})

test('a deleted mapping leaves nothing in the catalog', async (t) => {
  const { catalog, clock, lambda, map, put } = await lambdaFixture(t, { shardCount: 3 })
  const UUID = await map()
  await put('a')
  assert.equal(catalog.list(prefix).length, 3)
  await lambda('DeleteEventSourceMapping', { UUID })
  await clock.advance(1000)
  assert.deepEqual(catalog.list('lambda/'), [])
})

test('a disabled mapping is placed when it is enabled for the first time', async (t) => {
  const { clock, lambda, map, put, seen } = await lambdaFixture(t)
  const UUID = await map({ StartingPosition: 'LATEST', Enabled: false })
  await put('before')
  await lambda('UpdateEventSourceMapping', { UUID, Enabled: true })
  await clock.advance(100)
  await put('after')
  assert.deepEqual(seen(), ['after'])
})

test('a new setting holds from the next batch on, and nothing is delivered twice', async (t) => {
  const { clock, events, lambda, map, putAll } = await lambdaFixture(t)
  const UUID = await map({ BatchSize: 2 })
  await putAll(['a', 'b', 'c', 'd'])
  await lambda('UpdateEventSourceMapping', { UUID, BatchSize: 3 })
  await clock.advance(100)
  await putAll(['e', 'f', 'g'])
  assert.deepEqual(events.map(dataOf), [
    ['a', 'b'],
    ['c', 'd'],
    ['e', 'f', 'g'],
  ])
})

test('LastProcessingResult tells how the last batch went', async (t) => {
  const { clock, handle, lambda, map, put } = await lambdaFixture(t)
  const UUID = await map({ MaximumRetryAttempts: 0 })
  const result = async () => (await lambda('GetEventSourceMapping', { UUID })).LastProcessingResult
  assert.equal(await result(), 'No records processed')
  await put('a')
  assert.equal(await result(), 'OK')
  handle(() => {
    throw new Error()
  })
  await put('b')
  await clock.advance(1000)
  assert.equal(await result(), 'PROBLEM: Function call failed')
})

test('a stream that goes away is told, and one that comes in its place is read from the start', async (t) => {
  const { activeStream, call, clock, lambda, map, put, seen } = await lambdaFixture(t)
  const UUID = await map()
  await put('a')
  await call('DeleteStream', { StreamName: 's' })
  await clock.advance(5000)
  assert.equal((await lambda('GetEventSourceMapping', { UUID })).LastProcessingResult, 'PROBLEM: Stream not found')
  await activeStream('s', 2)
  await put('b', 'c')
  await clock.advance(5000)
  assert.deepEqual(seen().sort(), ['a', 'b', 'c'])
})

test('a function that is not in the file any more is told, and its mapping waits for it', async (t) => {
  const { clock, lambda, map, put, restart, seen } = await lambdaFixture(t)
  const UUID = await map()
  await restart({ definitions: new Map() })
  await put('a')
  await clock.advance(10_000)
  assert.equal((await lambda('GetEventSourceMapping', { UUID })).LastProcessingResult, 'PROBLEM: Function not found')
  assert.deepEqual(seen(), [])
  await restart()
  assert.deepEqual(seen(), ['a'])
})

test('metrics: invocations, errors and how old records are', async (t) => {
  const { clock, counted, handle, map, put } = await lambdaFixture(t)
  handle((_event, call) => {
    if (call === 1) throw new Error()
  })
  await put('a')
  await clock.advance(4900)
  await map()
  await clock.advance(1000)
  const valuesOf = (name: string) => counted.filter(({ metric }) => metric === name).map(({ value }) => value)
  assert.deepEqual(valuesOf('Invocations'), [1, 1])
  assert.deepEqual(valuesOf('Errors'), [1, 0])
  assert.deepEqual(valuesOf('IteratorAge'), [4950, 5150])
})

test('EventCount metrics tell what became of each record', async (t) => {
  const { clock, counted, handle, map, putAll } = await lambdaFixture(t)
  handle((event) => {
    if (dataOf(event).includes('bad')) throw new Error()
  })
  await putAll(['filtered', 'a', 'b', 'bad'])
  const EventSourceMappingUUID = await map({
    BatchSize: 2,
    MaximumRetryAttempts: 0,
    DestinationConfig: { OnFailure: { Destination: 'arn:aws:s3:::failed' } },
    FilterCriteria: { Filters: [{ Pattern: '{"data":[{"anything-but":["filtered"]}]}' }] },
    MetricsConfig: { Metrics: ['EventCount'] },
  })
  await clock.advance(1000)
  const sums: Record<string, number> = {}
  for (const { dimensions, metric, value } of counted)
    if (dimensions.EventSourceMappingUUID === EventSourceMappingUUID) sums[metric] = (sums[metric] ?? 0) + value
  assert.deepEqual(sums, {
    PolledEventCount: 4,
    FilteredOutEventCount: 1,
    InvokedEventCount: 3,
    FailedInvokeEventCount: 1,
    DroppedEventCount: 1,
    OnFailureDestinationDeliveredEventCount: 1,
  })
})

test('a batch that is given up while its destination is down is not done with by a restart', async (t) => {
  const { clock, handle, map, objects, put, restart } = await lambdaFixture(t, {
    parts: {
      objects: {
        put: async () => {
          throw new Error('the disk is full')
        },
      },
    },
  })
  handle(() => {
    throw new Error()
  })
  await put('a')
  await map({ MaximumRetryAttempts: 0, DestinationConfig: { OnFailure: { Destination: 'arn:aws:s3:::failed' } } })
  await clock.advance(1000)
  const sound = {
    put: async (bucket: string, key: string, parts: readonly Uint8Array[]) =>
      void objects.set(bucket + key, `${Buffer.concat(parts)}`),
  }
  await restart({ objects: sound })
  await clock.advance(1000)
  assert.equal(objects.size, 1)
})

test('a destination that stays down is given up after a while, and the shard goes on', async (t) => {
  const { clock, counted, handle, map, put, seen } = await lambdaFixture(t, {
    parts: {
      objects: {
        put: async () => {
          throw new Error('the disk is full')
        },
      },
    },
  })
  handle((event) => {
    if (dataOf(event).includes('bad')) throw new Error()
  })
  await put('bad', 'good')
  const DestinationConfig = { OnFailure: { Destination: 'arn:aws:s3:::failed' } }
  await map({ BatchSize: 1, MaximumRetryAttempts: 0, DestinationConfig })
  await clock.advance(60_000)
  assert.deepEqual(seen(), ['bad', 'good'])
  assert.equal(counted.filter(({ metric }) => metric === 'DestinationDeliveryFailures').length, 1)
})
