import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RoleFunctionInvoker } from './role-function-invoker.ts'

const functionArn = 'arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST'
const actor = { roleArn: 'arn:aws:iam::000000000000:role/r', service: 'firehose.amazonaws.com', sessionName: 'd' }

function fixture() {
  const state = { isTrusting: true, refusal: undefined as string | undefined, asked: [] as string[], calls: 0 }
  const functions = {
    async invoke() {
      state.calls++
      return { payload: Buffer.from('{}') }
    },
  }
  const roles = {
    mayAssume: () => state.isTrusting,
    refusal: (_: unknown, needs: readonly { action: string; resource: string }[]) => {
      state.asked.push(...needs.map(({ action, resource }) => `${action} ${resource}`))
      return state.refusal
    },
  }
  const invoker = new RoleFunctionInvoker(functions, roles, actor)
  return { state, invoke: () => invoker.invoke(functionArn, Buffer.from('{}'), new AbortController().signal) }
}

test('a role is asked before each call of a function, by the ARN that was written', async () => {
  const { invoke, state } = fixture()
  await invoke()
  state.refusal = 'no'
  await assert.rejects(invoke, { reason: 'access denied', message: 'no' })
  assert.deepEqual([state.calls, state.asked], [1, Array<string>(2).fill(`lambda:InvokeFunction ${functionArn}`)])
})

test('a role that does not trust the service is told apart from one that may not', async () => {
  const { invoke, state } = fixture()
  state.isTrusting = false
  state.refusal = 'no such role'
  await assert.rejects(invoke, { reason: 'role not assumed' })
})
