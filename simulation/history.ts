import { crc32 } from 'node:zlib'
import { CrashPoints } from './crash-points.ts'
import { SeededRandom } from './seeded-random.ts'
import { randomStep, type Step } from './step.ts'
import { World } from './world.ts'

/** Which part of the moments of a history are looked at, and how many crashes are tried in each. */
const portionOfMoments = 0.15
const imagesEach = 2

const segmentLengths = [200, 600, 2_000, 20_000]

export type HistoryResult = {
  /** Disks that were opened after a crash and checked. */
  readonly images: number
  readonly steps: number
  /** Of all that happened: equal when the same happened. */
  readonly trace: number
}

/** A promise was broken. */
export class HistoryFailed extends Error {
  readonly seed: number
  readonly steps: readonly Step[]

  constructor(seed: number, steps: readonly Step[], cause: Error) {
    super(`history ${seed}, step ${steps.length}: ${cause.message}`, { cause })
    this.seed = seed
    this.steps = steps
  }
}

/** What one seed makes of a storage: steps, and crashes at any moment of them. @throws HistoryFailed */
export async function runHistory(seed: number): Promise<HistoryResult> {
  const random = new SeededRandom(seed)
  const world = new World(random.fork(), random.pick(segmentLengths))
  const points = new CrashPoints(world, random.fork(), portionOfMoments, imagesEach)
  const steps: Step[] = []
  try {
    await world.start()
    for (let left = 10 + random.below(40); left > 0; left--) {
      const step = randomStep(random)
      steps.push(step)
      await world.do(step)
      await points.check()
    }
    await world.restart()
    await points.check()
  } catch (error) {
    throw new HistoryFailed(seed, steps, error as Error)
  }
  return { images: world.images + points.images, steps: steps.length, trace: crc32(`${points.trace}`, world.trace) }
}
