import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulateInChild } from './child.ts'

const histories = 10_000

test('a storage holds what a plain model of it says, whatever is done to it and wherever it crashes', async (t) => {
  const { exitCode, output } = await simulateInChild(['--model', `${histories}`, '--seed', '1'])
  assert.equal(exitCode, 0, output)
  const last = output.split('\n').findLast((line) => line.includes(`${histories.toLocaleString('en')} histories`))
  assert.ok(last, output)
  t.diagnostic(`model of seed 1: ${last.slice(last.indexOf('%') + 1).trim()}: 0 differ`)
})
