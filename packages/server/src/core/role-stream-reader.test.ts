import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '@millrace/ports'
import type { StreamPage, StreamReader, StreamSource } from './ports/streams.ts'
import type { RoleAccess } from './role-access.ts'
import { RoleStreamReader, toldAgainMs } from './role-stream-reader.ts'

const streamArn = 'arn:aws:kinesis:us-east-1:000000000000:stream/s'
const actor = { roleArn: 'arn:aws:iam::000000000000:role/r', service: 'firehose.amazonaws.com', sessionName: 'd' }
const source = {} as StreamSource
const limits = { bytesMax: 1, recordsMax: 1, waitMs: 0 }

function fixture(sourceArn = streamArn) {
  const asked: string[] = []
  const state = { refusal: undefined as string | undefined, reads: 0, whileReading: () => {} }
  const roles: RoleAccess = {
    mayAssume: () => true,
    refusal: (_, needs) => {
      asked.push(...needs.map(({ action, resource }) => `${action} ${resource}`))
      return state.refusal
    },
  }
  const streams = {
    async read() {
      state.reads++
      state.whileReading()
      return {} as StreamPage
    },
  } as unknown as StreamReader
  const clock = new ManualClock()
  const told: string[] = []
  const onRefused = (reason: string, isNews: boolean) => void told.push(`${reason}${isNews ? ', news' : ''}`)
  const reader = new RoleStreamReader({ streams, roles, clock, actor, sourceArn, onRefused })
  return {
    asked,
    clock,
    state,
    told,
    read: () => reader.read(source, 'shard', '0', limits, new AbortController().signal),
  }
}

test('nothing is read for a role that may not', async () => {
  const { read, state } = fixture()
  state.refusal = 'no'
  await assert.rejects(read, { code: 'AccessDeniedException', message: 'no' })
  assert.equal(state.reads, 0)
})

test('that a reader is refused is news at first and every few minutes, however many shards it reads', async () => {
  const { clock, read, state, told } = fixture()
  const refused = () => assert.rejects(read, { code: 'AccessDeniedException' })
  state.refusal = 'no'
  await Promise.all([refused(), refused(), refused()])
  await clock.advance(toldAgainMs)
  await Promise.all([refused(), refused()])
  assert.deepEqual(told, ['no, news', 'no', 'no', 'no, news', 'no'])
  state.refusal = undefined
  await read()
  state.refusal = 'not any more'
  await refused()
  assert.deepEqual(told.slice(5), ['not any more, news'])
})

test('a page that was being read when the right was taken back is not handed on', async () => {
  const { read, state } = fixture()
  await read()
  state.whileReading = () => {
    state.refusal = 'not any more'
  }
  await assert.rejects(read, { code: 'AccessDeniedException', message: 'not any more' })
})

test('a stream needs to be read, a consumer to be subscribed', async () => {
  const shared = fixture()
  await shared.read()
  assert.ok(shared.asked.includes(`kinesis:GetRecords ${streamArn}`), shared.asked.join())
  const consumerArn = `${streamArn}/consumer/c:1`
  const registered = fixture(consumerArn)
  await registered.read()
  assert.ok(registered.asked.includes(`kinesis:SubscribeToShard ${consumerArn}`), registered.asked.join())
  assert.ok(!registered.asked.some((each) => each.startsWith('kinesis:GetRecords')))
})
