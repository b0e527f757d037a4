import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock, type Random, systemRandom } from '@millrace/ports'
import { type DeliveryBatch, DeliveryFailed } from '../destinations/destination.ts'
import { BatchSender } from './batch-sender.ts'
import type { DeliveryRecord, RefusedRecord } from './delivery-record.ts'
import { DeliveryReport } from './delivery-report.ts'
import type { Plan } from './plan.ts'

const page = { lane: 'put', next: '9', left: 9, first: 0, end: 0 }
const records = ['a', 'b', 'c'].map(
  (text): DeliveryRecord => ({ position: 0, recordId: text, arrivalMs: 0, data: Buffer.from(text), page }),
)
/** Half of what chance may give: no jitter. */
const even: Random = { ...systemRandom, bytes: (length) => Buffer.from([0x80, 0, 0, 0, 0, 0]).subarray(0, length) }

/** A batch on its way to a destination that does what the test says, and how far it is. */
function sending(
  deliver: (batch: DeliveryBatch, attempt: number, clock: ManualClock) => Promise<readonly RefusedRecord[]>,
  plan: Partial<Plan> = {},
) {
  const clock = new ManualClock()
  const tries: { readonly atMs: number; readonly texts: string }[] = []
  const metrics: [string, number][] = []
  const lines: string[] = []
  const taken: string[] = []
  const parts = {
    ...{ clock, random: even },
    logger: { log: (_: string, message: string) => void lines.push(message) },
    metrics: { record: (metric: string, _: object, value: number) => void metrics.push([metric, value]), forget() {} },
  }
  const startMs = clock.monotonicMs()
  const destination = {
    async deliver(batch: DeliveryBatch) {
      tries.push({ atMs: Math.round(clock.monotonicMs() - startMs), texts: textsOf(batch.records) })
      return await deliver(batch, tries.length, clock)
    },
    async close() {},
  }
  const planned = {
    ...{ name: 'd', destination, metricPrefix: 'DeliveryToTest', retryMs: 60_000 },
    ...{ errorOutputType: 'splunk-failed', ...plan },
  } as Plan
  const sender = new BatchSender(parts, planned, new DeliveryReport(parts, planned))
  const stopping = new AbortController()
  const sent = sender.send(
    { id: 'batch', version: 1, records, firstArrivalMs: clock.nowMs() },
    async (some) => void taken.push(textsOf(some)),
    stopping.signal,
  )
  return { clock, lines, metrics, sent, sender, stopping, taken, tries }
}

const textsOf = (some: readonly DeliveryRecord[]) => some.map(({ recordId }) => recordId).join('')
const down = () => new DeliveryFailed('Test.Down', 'nobody there')

test('a try waits twice as long as the one before, at most two minutes, and the last is at the end of the time', async () => {
  const { clock, sent, tries } = sending(() => Promise.reject(down()), { retryMs: 400_000 })
  await clock.advance(500_000)
  assert.deepEqual(
    tries.map(({ atMs }) => atMs / 1000),
    [0, 1, 3, 7, 15, 31, 63, 127, 247, 367, 400],
  )
  assert.equal((await sent)![0]!.attemptsMade, 11)
})

test('a retry duration of nothing is one try', async () => {
  const { clock, lines, sent, tries } = sending(() => Promise.reject(down()), { retryMs: 0 })
  await clock.advance(0)
  assert.equal((await sent)!.length, 3)
  assert.equal(tries.length, 1)
  assert.deepEqual(lines, ['a delivery failed, and its records go to the error output'])
})

test('time that a try spent waiting for an answer is none of the retry duration', async () => {
  const waiting = (answerWaitMs: number) =>
    sending(
      async (_batch, _attempt, clock) => {
        await clock.sleep(180_000)
        throw new DeliveryFailed('Test.Timeout', 'no answer', undefined, { answerWaitMs })
      },
      { retryMs: 10_000 },
    )
  const uncounted = waiting(180_000)
  await uncounted.clock.advance(3_600_000)
  assert.deepEqual(
    uncounted.tries.map(({ atMs }) => atMs / 1000),
    [0, 181, 363, 547, 730],
  )
  const counted = waiting(0)
  await counted.clock.advance(3_600_000)
  assert.equal(counted.tries.length, 1)
})

test('a failure that is final is not tried again, and says what its kind says of a record', async () => {
  const { clock, sent, taken, tries } = sending(
    () => Promise.reject(new DeliveryFailed('Test.TooLarge', 'too large', undefined, { isFinal: true })),
    { errorDetails: ({ recordId }) => ({ EventId: `${recordId}.0` }) },
  )
  await clock.advance(0)
  const failed = (await sent)!
  assert.deepEqual([tries.length, taken], [1, []])
  assert.deepEqual(
    failed.map(({ errorCode, attemptsMade, details }) => [errorCode, attemptsMade, details]),
    ['a', 'b', 'c'].map((id) => ['Test.TooLarge', 1, { EventId: `${id}.0` }]),
  )
})

test('what was taken is not sent again, and is counted once', async () => {
  const { clock, metrics, sent, taken, tries } = sending(async ({ records: given }, attempt) => {
    if (attempt === 1) throw new DeliveryFailed('Test.Busy', 'busy', [given[1]!, given[2]!])
    const failed = { errorOutputType: 'splunk-failed', errorCode: 'Test.Poison', errorMessage: 'no' } as const
    return [{ record: given[1]!, ...failed }]
  })
  await clock.advance(2000)
  const attempts = (await sent)!.map(({ attemptsMade }) => attemptsMade)
  assert.deepEqual([tries.map(({ texts }) => texts), taken, attempts], [['abc', 'bc'], ['a', 'b'], [2]])
  const of = (metric: string) => metrics.filter(([name]) => name === metric).map(([, value]) => value)
  assert.deepEqual(of('DeliveryToTest.Success'), [0, 1])
  assert.deepEqual(of('DeliveryToTest.Records'), [1, 1])
})

test('a delivery that stops between two tries ends at once', async () => {
  const { clock, sent, stopping, tries } = sending(() => Promise.reject(down()))
  await clock.advance(0)
  stopping.abort()
  assert.equal(await sent, undefined)
  await clock.advance(60_000)
  assert.equal(tries.length, 1)
})

test('a destination with a defect is tried again like one that is down, and its records are not lost', async () => {
  const { clock, taken } = sending(async (_, attempt) => {
    if (attempt < 3) throw new TypeError('undefined is not a function')
    return []
  })
  await clock.advance(10_000)
  assert.deepEqual(taken, ['abc'])
})

const refusal = (record: DeliveryRecord): RefusedRecord => ({
  ...{ record, errorOutputType: 'splunk-failed', errorCode: '400', errorMessage: 'no' },
})

test('of a batch some are taken, some refused, and some tried again, each once', async () => {
  const { clock, metrics, sent, taken, tries } = sending(async ({ records: [, b, c] }, attempt) => {
    if (attempt > 1) return []
    throw new DeliveryFailed('429', 'busy', [c!], { refused: [refusal(b!)] })
  })
  await clock.advance(2000)
  assert.deepEqual(
    [tries.map(({ texts }) => texts), taken],
    [
      ['abc', 'c'],
      ['a', 'c'],
    ],
  )
  assert.deepEqual(
    (await sent)!.map(({ record, attemptsMade }) => [record.recordId, attemptsMade]),
    [['b', 1]],
  )
  const of = (metric: string) => metrics.filter(([name]) => name === metric).map(([, value]) => value)
  assert.deepEqual(
    [of('DeliveryToTest.Success'), of('DeliveryToTest.Records')],
    [
      [0, 1],
      [1, 1],
    ],
  )
})

test('what is refused at a later try says so, and the others are given up with the last reason', async () => {
  const { clock, sent, tries } = sending(async ({ records: [a, b, c] }, attempt) => {
    if (attempt !== 2) throw down()
    throw new DeliveryFailed('503', 'down', [a!, c!], { refused: [refusal(b!)] })
  })
  await clock.advance(60_000)
  assert.deepEqual(
    (await sent)!.map(({ record, errorCode, attemptsMade }) => [record.recordId, errorCode, attemptsMade]),
    [
      ['b', '400', 2],
      ['a', 'Test.Down', tries.length],
      ['c', 'Test.Down', tries.length],
    ],
  )
})

test('a batch of which nothing is left to try is done', async () => {
  const { clock, sent, taken } = sending(({ records: [a] }) =>
    Promise.reject(new DeliveryFailed('429', 'busy', [], { refused: [refusal(a!)] })),
  )
  await clock.advance(0)
  const codes = (await sent)!.map(({ errorCode }) => errorCode)
  assert.deepEqual([taken, codes], [['bc'], ['400']])
})

test('where tries come at fixed times the last one is made when the time is over', async () => {
  const { clock, tries } = sending(() => Promise.reject(down()), { retryEveryMs: 300_000, retryMs: 700_000 })
  await clock.advance(3_600_000)
  assert.deepEqual(
    tries.map(({ atMs }) => atMs / 1000),
    [0, 300, 600, 700],
  )
})

test('a destination that keeps what is given up in its own way is asked until it has', async () => {
  const kept: string[] = []
  const giveUp = async ({ records: given }: DeliveryBatch) => {
    kept.push(textsOf(given))
    if (kept.length < 3) throw new Error('the bucket is not there')
  }
  const { clock, sent, taken } = sending(
    ({ records: [a, b] }) => Promise.reject(new DeliveryFailed('X', 'x', [a!, b!])),
    {
      ...{ giveUp, retryMs: 0 },
    },
  )
  await clock.advance(10_000)
  assert.deepEqual([await sent, kept, taken], [[], ['ab', 'ab', 'ab'], ['c', 'ab']])
})
