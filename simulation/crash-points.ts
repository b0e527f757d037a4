import { crc32 } from 'node:zlib'
import { LogClosed } from '../packages/server/src/storage/log.ts'
import { holds } from './expected-log.ts'
import type { ExpectedStorage } from './expected-storage.ts'
import { type Opened, openDisturbed } from './opening.ts'
import type { SeededRandom } from './seeded-random.ts'
import { type ClockReading, SimulatedClock } from './simulated-clock.ts'
import type { SimulatedDisk } from './simulated-disk.ts'
import { numberedBatch, type World } from './world.ts'

/** A moment of a history: the disk as it was, and what had been promised. */
type CrashPoint = {
  readonly disk: SimulatedDisk
  readonly expected: ExpectedStorage
  readonly reading: ClockReading
}

/** Batches that are put after a crash have numbers from here on. */
const laterBatches = 1 << 24

/** Takes moments of a history at random, and looks at what crashes in them would leave. */
export class CrashPoints {
  images = 0
  /** Of what the images held. */
  trace = 0
  readonly #world: World
  readonly #random: SeededRandom
  readonly #imagesEach: number
  #points: CrashPoint[] = []

  /** `portion` of the moments are taken, and `imagesEach` crashes tried in each of them. */
  constructor(world: World, random: SeededRandom, portion: number, imagesEach: number) {
    this.#world = world
    this.#random = random
    this.#imagesEach = imagesEach
    world.onChange = () => {
      if (!random.chance(portion)) return
      const { disk, expected, clock } = world
      this.#points.push({ disk: disk.copy(random.fork()), expected: expected.copy(), reading: clock.reading })
    }
  }

  /** Tries the crashes of the moments that were taken so far. @throws Violation */
  async check(): Promise<void> {
    for (let point = this.#points.shift(); point; point = this.#points.shift())
      for (let i = 0; i < this.#imagesEach; i++) await this.#crash(point)
  }

  async #crash(point: CrashPoint): Promise<void> {
    const random = this.#random
    const expected = point.expected.copy()
    const clock = new SimulatedClock(point.reading.nowMs, point.reading.monotonicMs)
    const { segmentBytesMax, sealing } = this.#world
    const options = { clock, segmentBytesMax, sealing }
    const crashed = point.disk.after(random.chance(0.85) ? 'power' : 'process', random.fork())
    const opened = await openDisturbed(crashed, random, options)
    this.images += opened.images
    await expected.check(opened.storage, clock.reading)
    for (const { id, end } of expected.logs.values()) this.trace = crc32(`${id} ${end}`, this.trace)
    if (random.chance(0.75)) return
    // It goes on, and what it promises now outlives the next crash, too.
    await putEverywhere(opened.storage, expected, clock.reading)
    const again = await openDisturbed(opened.disk.after('power', random.fork()), random, options)
    this.images += again.images
    await expected.check(again.storage, clock.reading)
  }
}

/** Puts into each log, and changes the catalog. */
async function putEverywhere(
  { log, catalog }: Opened,
  expected: ExpectedStorage,
  reading: ClockReading,
): Promise<void> {
  const puts = [...expected.logs.values()].map(async (one, i) => {
    const id = laterBatches + i
    const batch = numberedBatch(id, [40, 700])
    one.ask(id, batch)
    try {
      one.acknowledge(id, await log.append(one.id, batch), reading)
    } catch (error) {
      if (!(error instanceof LogClosed)) throw error
      holds(one.closed !== 'no', () => `${one.id}: is closed, and was not asked to be`)
      one.withdraw(id)
      return
    }
    holds(one.closed !== 'yes', () => `${one.id}: was closed, and takes entries after a crash`)
  })
  const key = 'after'
  expected.catalog.ask(key, 1)
  expected.catalog.acknowledge(key, 1, await catalog.put(key, 1, catalog.get(key)?.version ?? 0))
  await Promise.all(puts)
}
