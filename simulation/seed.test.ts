import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runHistory } from './history.ts'

const seeds = Array.from({ length: 12 }, (_, i) => 100 + i)

test('the same seed does the same twice, and another seed does something else', async () => {
  const traces = new Set<number>()
  for (const seed of seeds) {
    const first = await runHistory(seed)
    assert.deepEqual(await runHistory(seed), first, `seed ${seed}`)
    traces.add(first.trace)
  }
  assert.equal(traces.size, seeds.length)
})
