import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { simulateInChild } from './child.ts'
import { plantedBugs, withBug } from './planted-bug.ts'

const imagesMax = 80_000

test('each planted bug changes the source, and there are at least 12', () => {
  assert.ok(plantedBugs.length >= 12)
  assert.equal(new Set(plantedBugs.map(({ name }) => name)).size, plantedBugs.length)
  for (const bug of plantedBugs) assert.ok(withBug(bug).includes(bug.replacement))
})

describe('what is planted in the engine is found', { concurrency: 2 }, () => {
  for (const { name } of plantedBugs)
    test(`${name} is found`, async (t) => {
      const { exitCode, output } = await simulateInChild(['--bug', name, '--seed', '1', '--images', `${imagesMax}`])
      assert.equal(exitCode, 1, `${name} was not found in ${imagesMax} images`)
      const [, seed, step, said] = /history (\d+), step (\d+): (.*)/.exec(output) ?? []
      assert.ok(said, output)
      assert.match(output, new RegExp(`npm run simulate -- --seed ${seed} --histories 1 --bug ${name}`))
      t.diagnostic(`${name}: history ${seed}, step ${step}: ${said}`)
    })
})
