import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeededRandom } from './seeded-random.ts'
import { randomStep, type Step } from './step.ts'
import { World } from './world.ts'

const dayMs = 24 * 3_600_000
const histories = 60
const kinds = new Set<Step['kind']>(['put', 'read', 'sweep', 'restart', 'crash', 'together', 'configure'])

/** The world checks each answer: offsets and times rise, and nothing is gone that storage's time lets stay. */
test('whatever the clock does, offsets and times rise and nothing expires before its retention by storage', async (t) => {
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
        await world.do({ kind: 'clock', ms: random.pick([-dayMs, -dayMs, 365 * dayMs, -365 * dayMs, dayMs, 60_000]) })
      }
      let step = randomStep(random)
      while (!kinds.has(step.kind)) step = randomStep(random)
      if (step.kind === 'put') puts++
      await world.do(step)
    }
    await world.restart()
  }
  assert.ok(clockSteps > 400 && puts > 400)
  t.diagnostic(`${clockSteps} steps of the clock, a day back, a year forward: ${puts} puts in order, 0 expired early`)
})

test('what came while the clock was a year ahead, or a day behind, stays for its retention', async () => {
  const world = new World(new SeededRandom(7), 600)
  await world.start()
  await world.do({ kind: 'create', retentionHours: 24 })
  const put = { kind: 'put', log: 0, sizes: [10] } as const
  const [log] = world.expected.logs.values()
  await world.do(put)
  await world.do({ kind: 'clock', ms: -dayMs })
  await world.do(put)
  await world.do({ kind: 'clock', ms: 2 * dayMs - 1 })
  await world.restart()
  assert.ok(
    log!.batches.every(({ timestampMs }) => timestampMs >= log!.horizonMs),
    'none may be gone',
  )
  await world.do({ kind: 'clock', ms: 365 * dayMs })
  await world.do(put)
  await world.do({ kind: 'clock', ms: -365 * dayMs })
  await world.do(put)
  await world.do({ kind: 'sweep' })
  await world.restart()
  assert.equal(log!.batches.filter(({ timestampMs }) => timestampMs >= log!.horizonMs).length, 2)
  assert.equal(log!.end, 4)
})
