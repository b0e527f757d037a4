import fc from 'fast-check'
import { SeededRandom } from './seeded-random.ts'
import { clockSteps, passingMs, type Step } from './step.ts'
import { World } from './world.ts'

/*
 * The storage on a simulated disk, and a model of what it must hold, under histories that fast-check makes, and makes
 * shorter when one fails. Each history ends with a power loss in the midst of what it was doing.
 */

const log = fc.nat(20)
const hours = fc.constantFrom(1, 3, 24)
const portion = fc.integer({ min: 0, max: 100 })
const size = fc.oneof({ weight: 4, arbitrary: fc.nat(40) }, { weight: 1, arbitrary: fc.nat(1_500) })
const sizes = fc.array(size, { minLength: 1, maxLength: 4 })
const kind = <const Kind extends Step['kind']>(name: Kind) => fc.constant(name)

const simple = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: kind('create'), retentionHours: hours }) },
  { weight: 10, arbitrary: fc.record({ kind: kind('put'), log, sizes }) },
  { weight: 4, arbitrary: fc.record({ kind: kind('spread'), logs: fc.array(log, { maxLength: 6 }), sizes }) },
  { weight: 3, arbitrary: fc.record({ kind: kind('read'), log, portion, entriesMax: fc.constantFrom(1, 3, 1_000) }) },
  { weight: 2, arbitrary: fc.record({ kind: kind('split'), log }) },
  { weight: 2, arbitrary: fc.record({ kind: kind('merge'), log, other: log }) },
  { weight: 2, arbitrary: fc.record({ kind: kind('roll'), log }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('trim'), log, portion }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('configure'), log, retentionHours: hours }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('delete'), log }) },
  { weight: 2, arbitrary: fc.record({ kind: kind('sweep') }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('catalog'), key: fc.nat(3), isDeletion: fc.boolean() }) },
)
const during = fc.array(simple, { maxLength: 4 })
const crash = fc.record({
  kind: kind('crash'),
  crash: fc.constantFrom('power', 'process'),
  afterChanges: fc.nat(15),
  during,
})
const fault = fc.record({
  kind: kind('fault'),
  afterCalls: fc.nat(8),
  calls: fc.integer({ min: 1, max: 4 }),
  code: fc.constantFrom('EIO', 'ENOSPC'),
  during,
})
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: simple },
  { weight: 2, arbitrary: fc.record({ kind: kind('together'), during }) },
  { weight: 1, arbitrary: fault },
  { weight: 1, arbitrary: fc.record({ kind: kind('restart') }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('idle') }) },
  { weight: 2, arbitrary: crash },
  { weight: 2, arbitrary: fc.record({ kind: kind('pass'), ms: fc.constantFrom(...passingMs) }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('clock'), ms: fc.constantFrom(...clockSteps) }) },
)

export type ModelTotals = { readonly histories: number; readonly steps: number; readonly images: number }

/** Tries so many histories. @throws what fast-check says: the seed, and the shortest history that fails */
export async function checkModel(
  histories: number,
  seed: number,
  onHistory?: (totals: ModelTotals) => void,
): Promise<ModelTotals> {
  let totals: ModelTotals = { histories: 0, steps: 0, images: 0 }
  await fc.assert(
    fc.asyncProperty(
      fc.nat(),
      fc.constantFrom(200, 2_000),
      fc.array(step, { maxLength: 8 }),
      crash,
      async (...given) => {
        const [chance, segmentBytesMax, before, last] = given
        const world = new World(new SeededRandom(chance), segmentBytesMax)
        await world.start()
        for (const next of [...before, last]) await world.do(next)
        await world.restart()
        totals = {
          histories: totals.histories + 1,
          steps: totals.steps + before.length + 2,
          images: totals.images + world.images,
        }
        onHistory?.(totals)
      },
    ),
    { numRuns: histories, seed: seed | 0 },
  )
  return totals
}
