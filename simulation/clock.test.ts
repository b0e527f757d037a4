import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeededRandom } from './seeded-random.ts'
import { hourMs, randomStep, type Step } from './step.ts'
import { World } from './world.ts'

const dayMs = 24 * hourMs
const histories = 60
const kinds = new Set<Step['kind']>(['put', 'read', 'sweep', 'restart', 'crash', 'together', 'configure'])
const put = { kind: 'put', log: 0, sizes: [10] } as const

/** The world checks each answer: offsets and times rise, and nothing is gone before its time. */
test('however the clock is set, offsets and times rise and nothing expires early', async (t) => {
  let puts = 0
  let clockSteps = 0
  for (let seed = 1; seed <= histories; seed++) {
    const random = new SeededRandom(seed)
    const world = new World(random.fork(), 600)
    await world.start()
    await world.do({ kind: 'create', retentionHours: 24 })
    for (let left = 30; left > 0; left--) {
      if (random.chance(0.3)) {
        clockSteps++
        await world.do({ kind: 'clock', ms: random.pick([-dayMs, 365 * dayMs, -365 * dayMs, dayMs]) })
      }
      if (random.chance(0.3)) await world.do({ kind: 'pass', ms: random.pick([60_000, hourMs, 6 * hourMs]) })
      let step = randomStep(random)
      while (!kinds.has(step.kind)) step = randomStep(random)
      if (step.kind === 'put') puts++
      await world.do(step)
    }
    await world.restart()
  }
  assert.ok(clockSteps > 400 && puts > 400)
  t.diagnostic(`${clockSteps} times a day back, a year forward, or back again: ${puts} puts in order, 0 expired early`)
})

for (const [name, ms] of [
  ['a year forward', 365 * dayMs],
  ['a day back', -dayMs],
] as const)
  test(`what came before and after the clock was set ${name} stays for its retention, and goes after it`, async () => {
    const world = new World(new SeededRandom(7), 600)
    await world.start()
    await world.do({ kind: 'create', retentionHours: 24 })
    const [log] = world.expected.logs.values()
    const kept = () => log!.batches.filter((batch) => log!.isYoung(batch)).length
    await world.do(put)
    await world.do({ kind: 'clock', ms })
    await world.do(put)
    await world.do({ kind: 'sweep' })
    await world.do({ kind: 'pass', ms: dayMs - 1 })
    await world.check()
    assert.equal(kept(), 2)
    await world.do({ kind: 'clock', ms: -ms })
    await world.do({ kind: 'pass', ms: 2 })
    await world.restart()
    assert.ok(kept() < 2)
    assert.equal(log!.end, 2)
  })
