import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FunctionNotInvoked } from '../../core/ports/functions.ts'
import { lambdaFixture } from './fixture.ts'
import { FunctionUnreachable, NoPlaceFree } from './functions/invocation.ts'

const payload = Buffer.from('{"a":1}')
const { signal } = new AbortController()

test('services of the server invoke functions by name or ARN, and are told what those answer', async (t) => {
  const answered = { payload: Buffer.from('"b"'), logTail: '' }
  const failed = { payload: Buffer.from('{"errorType":"E"}'), functionError: 'Unhandled' as const, logTail: '' }
  const fixture = await lambdaFixture(t, {
    parts: {
      invokerOf: ({ name }) => ({ invoke: async () => (name === 'f' ? answered : failed), stop: async () => {} }),
    },
  })
  const invoker = fixture.invoker()
  for (const name of ['f', 'f:$LATEST', 'arn:aws:lambda:us-east-1:000000000000:function:f'])
    assert.equal(Buffer.from((await invoker.invoke(name, payload, signal)).payload).toString(), '"b"')
  assert.equal((await invoker.invoke('g', payload, signal)).functionError, 'Unhandled')
})

test('why a function was not invoked is told apart', async (t) => {
  let error: Error = new NoPlaceFree()
  const fixture = await lambdaFixture(t, {
    parts: { invokerOf: () => ({ invoke: () => Promise.reject(error), stop: async () => {} }) },
  })
  const reasonOf = async (name: string) => {
    const thrown = await fixture
      .invoker()
      .invoke(name, payload, signal)
      .catch((caught: unknown) => caught)
    assert.ok(thrown instanceof FunctionNotInvoked)
    return thrown.reason
  }
  assert.equal(await reasonOf('f'), 'throttled')
  error = new FunctionUnreachable('down')
  assert.equal(await reasonOf('f'), 'unreachable')
  for (const name of ['none', 'f:prod', 'arn:aws:lambda:eu-west-1:000000000000:function:f'])
    assert.equal(await reasonOf(name), 'not found')
})
