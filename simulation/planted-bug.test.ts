import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { describe, test } from 'node:test'
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
      const { exitCode, output } = await simulated(['--bug', name, '--seed', '1', '--images', `${imagesMax}`])
      assert.equal(exitCode, 1, `${name} was not found in ${imagesMax} images`)
      const [, seed, step, said] = /history (\d+), step (\d+): (.*)/.exec(output) ?? []
      assert.ok(said, output)
      assert.match(output, new RegExp(`npm run simulate -- --seed ${seed} --histories 1 --bug ${name}`))
      t.diagnostic(`${name}: history ${seed}, step ${step}: ${said}`)
    })
})

function simulated(args: readonly string[]): Promise<{ exitCode: number; output: string }> {
  return new Promise((resolve) => {
    const path = join(import.meta.dirname, 'run.ts')
    execFile(process.execPath, [path, ...args], { timeout: 120_000 }, (error, stdout, stderr) =>
      resolve({ exitCode: error ? Number(error.code ?? -1) : 0, output: `${stdout}${stderr}` }),
    )
  })
}
