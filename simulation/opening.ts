import type { Logger } from '@millrace/ports'
import { openEmbedded } from '../packages/server/src/storage/embedded/open.ts'
import { holds, Violation } from './expected-log.ts'
import type { Sealing } from './sealing.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { SimulatedClock } from './simulated-clock.ts'
import type { SimulatedDisk } from './simulated-disk.ts'

export type Opened = Awaited<ReturnType<typeof openEmbedded>>

export type OpeningOptions = {
  readonly clock: SimulatedClock
  readonly segmentBytesMax: number
  readonly sealing: Sealing
}

/** The folder on a simulated disk. */
const directory = '/millrace/data'

/** How often opening crashes or fails before it is let through. */
const disturbancesMax = 3

/**
 * Opens the storage on a disk that a crash left. At times that crashes too, or a call to the disk fails, and what is
 * there then is opened. Resolves with the storage, the disk that it is on in the end, and how many disks were opened.
 */
export async function openDisturbed(
  left: SimulatedDisk,
  random: SeededRandom,
  options: OpeningOptions,
): Promise<{ storage: Opened; disk: SimulatedDisk; images: number }> {
  let disk = left
  let images = 1
  for (let count = 0; count < disturbancesMax && random.chance(0.25); count++) {
    if (random.chance(0.7)) {
      disk.stopAfter(1 + random.below(30))
      const storage = await Promise.race([openOn(disk, options), disk.stopped])
      if (storage) {
        disk.stopAfter(Number.POSITIVE_INFINITY)
        return { storage, disk, images }
      }
      disk = disk.after(random.chance(0.6) ? 'power' : 'process', random.fork())
      images++
    } else {
      const fault = disk.failAfter(random.below(30), 1, random.pick(['EIO', 'ENOSPC']))
      const storage = await openOn(disk, options, () => fault.hasFailed())
      fault.end()
      if (storage) return { storage, disk, images }
    }
  }
  return { storage: (await openOn(disk, options))!, disk, images }
}

/** Opens a storage; undefined if it cannot be and that is excused. It must not find anything damaged. */
export async function openOn(
  disk: SimulatedDisk,
  { clock, segmentBytesMax, sealing }: OpeningOptions,
  isExcused = () => false,
): Promise<Opened | undefined> {
  const logger = new ErrorLogger()
  clock.opened()
  disk.onAppend = (path, parts) => {
    if (/\.segment(\.new)?$/.test(path)) sealing.look(parts)
  }
  try {
    const storage = await openEmbedded({
      directory,
      durability: 'fsync',
      clock,
      logger,
      fileSystem: disk,
      segmentBytesMax,
      dataKeys: () => sealing,
      random: sealing.random,
    })
    holds(logger.errors.length === 0, () => `a crash is taken for damage: ${logger.errors[0]}`)
    logger.errors.length = 0
    return storage
  } catch (error) {
    if (error instanceof Violation) throw error
    if (isExcused()) return undefined
    throw new Violation(`the folder cannot be opened: ${(error as Error).message}`, { cause: error })
  }
}

/** A last write that was not finished can look like a damaged one, and storage says that it cannot tell. */
const isDoubt = /nothing tells whether it was acknowledged/

class ErrorLogger implements Logger {
  readonly errors: string[] = []

  log(level: string, message: string): void {
    if (level === 'error' && !isDoubt.test(message)) this.errors.push(message)
  }
}
