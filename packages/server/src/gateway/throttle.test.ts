import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '@millrace/ports'
import { Throttle } from './throttle.ts'

const kinesis = { name: 'kinesis', targetPrefix: 'Kinesis_20131202' }
const firehose = { name: 'firehose', targetPrefix: 'Firehose_20150804', throttledBy: 'ThrottlingException' } as const
const once = { perSecond: 1, per: 'account' } as const

test('a call above the rate is refused by the exception that its service has for that', () => {
  const throttle = new Throttle(new ManualClock())
  for (const [service, name] of [
    [kinesis, 'LimitExceededException'],
    [firehose, 'ThrottlingException'],
  ] as const) {
    const call = () => throttle.admit(service, 'Describe', once, '000000000000', undefined)
    call()
    assert.throws(call, { name, message: /^Rate exceeded for Describe under account 000000000000: at most 1 / })
  }
})

test('a second later there is room again, and resources of their own have rates of their own', async () => {
  const clock = new ManualClock()
  const throttle = new Throttle(clock)
  const call = (resource: string) =>
    throttle.admit(kinesis, 'Split', { perSecond: 1, per: 'resource' }, '000000000000', resource)
  call('stream/a')
  call('stream/b')
  assert.throws(() => call('stream/a'), /on stream\/a under/)
  await clock.advance(1000)
  call('stream/a')
})
