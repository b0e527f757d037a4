import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fault, setUp, watched } from './kinesis-fixture.ts'
import type { PutError } from './put-errors.ts'

/*
 * Whatever the stream does, in whatever order: each promise is settled once, what was said to be put is there, nothing is put
 * that nobody put, and what failed had its reason. By seed; a failing run prints it, and the shortest story that fails.
 */

const faults = ['none', 'none', 'throttle some', 'throttle all', 'throw', 'hang', 'short', 'rubbish', 'refuse'] as const

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('put' as const), count: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 400 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('fault' as const), fault: fc.constantFrom(...faults) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('split' as const), which: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('merge' as const), which: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('flush' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('unlisted' as const), isDown: fc.boolean() }) },
)

const settings = fc.record({
  aggregation: fc.boolean(),
  aggregationSizeBytesMax: fc.constantFrom(64, 300, 51_200),
  collectionCountMax: fc.constantFrom(1, 3, 500),
  connectionsMax: fc.constantFrom(1, 24),
  recordMaxBufferedMs: fc.constantFrom(0, 20, 100),
  recordTtlMs: fc.constantFrom(300, 2_000),
  requestTimeoutMs: fc.constant(200),
  rateLimitPercent: fc.constantFrom(1, 100, Number.POSITIVE_INFINITY),
  failIfThrottled: fc.boolean(),
  encodingScope: fc.constantFrom('user-record' as const, 'kinesis-record' as const),
  isEncoded: fc.boolean(),
})

test('whatever the stream does, each record comes to one end, and to the end that its promise tells', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 25 }),
      settings,
      fc.nat(2),
      async (steps, { isEncoded, ...more }, extra) => {
        const encode = async (data: Uint8Array) => {
          await clock.sleep(data.byteLength % 7)
          return data
        }
        const { clock, kinesis, producer } = setUp({ ...more, ...(isEncoded && { compress: encode }) }, 1 + extra)
        let current: (typeof faults)[number] = 'none'
        let isDown = false
        kinesis.onList = () => {
          if (isDown) throw fault('LimitExceededException')
        }
        kinesis.onRecord = ({ Data }) => {
          if (current === 'throttle all') return 'ProvisionedThroughputExceededException'
          return current === 'throttle some' && Data!.byteLength % 2 ? 'InternalFailure' : undefined
        }
        kinesis.onPut = ({ entries }) => {
          if (current === 'throw') throw fault('InternalFailure')
          if (current === 'refuse') throw fault('ValidationException')
          if (current === 'hang') return new Promise<never>(() => {})
          if (current === 'short') return { Records: (kinesis.store(entries).Records as object[]).slice(1) }
          return current === 'rubbish' ? { Records: entries.map(() => ({ ErrorCode: 5 })) } : undefined
        }
        const ends: string[][] = []
        const flushes: ReturnType<typeof watched>[] = []
        let number = 0
        for (const one of steps) {
          if (one.kind === 'put')
            for (let i = 0; i < one.count; i++) {
              const end: string[] = []
              ends.push(end)
              producer.put({ partitionKey: `k${(number * 5) % 11}`, data: `${number++}` }).then(
                () => end.push('put'),
                (error: PutError) => end.push(error.code),
              )
            }
          else if (one.kind === 'wait') await clock.advance(one.ms)
          else if (one.kind === 'fault') current = one.fault
          else if (one.kind === 'unlisted') isDown = one.isDown
          else if (one.kind === 'flush') flushes.push(watched(producer.flush()))
          else {
            const open = kinesis.shards.filter(({ isOpen }) => isOpen)
            open.sort((a, b) => (a.range.start < b.range.start ? -1 : 1))
            const at = one.which % open.length
            if (one.kind === 'split') kinesis.split(open[at]!.shardId)
            else if (at > 0) kinesis.merge(open[at - 1]!.shardId, open[at]!.shardId)
          }
        }
        flushes.push(watched(producer.close()))
        await clock.advance(more.recordTtlMs + 5_000)
        assert.ok(
          flushes.every(({ isSettled }) => isSettled),
          'every flush and close ends',
        )
        assert.equal(producer.pendingRecords, 0)
        assert.equal(producer.pendingBytes, 0)
        const there = new Set(kinesis.texts())
        for (const [i, end] of ends.entries()) {
          assert.equal(end.length, 1, `record ${i}: ${end}`)
          if (end[0] === 'put') assert.ok(there.has(`${i}`), `record ${i} is said to be put`)
        }
        for (const text of there) assert.ok(Number(text) < number)
      },
    ),
    { numRuns: 100 },
  )
})
