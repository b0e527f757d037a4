import {
  applyChange,
  type NameChange,
  type Node,
  SimulatedDirectory,
  SimulatedFile,
  type Unsynced,
} from './disk-nodes.ts'
import type { SeededRandom } from './seeded-random.ts'

/*
 * What a disk may hold after the power failed. What was synced is there. Of the rest, each piece of a file reached the
 * disk or did not, in any order:
 *
 *   synced ............ | kept | zeros | kept | zeros |        the size grew, some sectors did not come
 *   synced ............ | kept |                               or it did not grow so far
 *   synced ... | kept | as it was | kept | ... synced |        what was written over something stands there, or that
 *
 * A sector is written whole, with what the file held at some moment since the last sync. Names come and go one by one,
 * each on its own, or as a file system with a journal does it, up to a point in time.
 */

const styles = ['nothing', 'everything', 'prefix', 'any'] as const
type Style = (typeof styles)[number]

/** A disk's own, and smaller ones: what holds when pieces tear anywhere holds for sectors, and small files tear more. */
const sectorLengths = [512, 512, 64, 8]

type Loss = {
  readonly random: SeededRandom
  /** One for all that is unsynced, or each its own. */
  readonly style: Style | undefined
  readonly sectorLength: number
}

/** The directory, and all below it, as a power loss leaves it: all of it durable. The original stays as it is. */
export function afterPowerLoss(directory: SimulatedDirectory, random: SeededRandom): SimulatedDirectory {
  const style = random.chance(0.5) ? random.pick(styles) : undefined
  const loss = { random, style, sectorLength: random.pick(sectorLengths) }
  return directoryAfter(directory, loss, new Map())
}

function directoryAfter(directory: SimulatedDirectory, loss: Loss, nodes: Map<Node, Node>): SimulatedDirectory {
  const names = new Map(directory.synced)
  for (const change of kept(directory.changes, loss)) applyChange(names, change)
  for (const [name, node] of names) {
    let survivor = nodes.get(node)
    if (!survivor) {
      survivor = node instanceof SimulatedFile ? fileAfter(node, loss) : directoryAfter(node, loss, nodes)
      nodes.set(node, survivor)
    }
    names.set(name, survivor)
  }
  return new SimulatedDirectory(names, new Map(names))
}

function kept(changes: readonly NameChange[], { random, style = random.pick(styles) }: Loss): readonly NameChange[] {
  if (changes.length === 0 || style === 'everything') return changes
  if (style === 'nothing') return []
  if (style === 'prefix') return changes.slice(0, random.below(changes.length + 1))
  return changes.filter(() => random.chance(0.5))
}

function fileAfter(held: SimulatedFile, loss: Loss): SimulatedFile {
  const file = held.uncut && loss.random.chance(0.5) ? held.uncut : held
  const { unsynced, syncedLength } = file
  if (unsynced.length === 0) return new SimulatedFile(file.bytes, file.length, file.length)
  const { random, style = random.pick(styles), sectorLength } = loss
  if (style === 'everything') return new SimulatedFile(file.bytes, file.length, file.length)

  const first = Math.min(...unsynced.map(({ from }) => from))
  const last = Math.max(...unsynced.map(({ to }) => to))
  const cut = first + random.below(last - first + 1)
  const bytes = file.bytes.slice(0, file.length)
  let reached = syncedLength
  for (let sector = first - (first % sectorLength); sector < file.length; sector += sectorLength) {
    const sectorEnd = Math.min(sector + sectorLength, file.length)
    const within = unsynced.filter(({ from, to }) => from < sectorEnd && to > sector)
    let came = 0
    if (style === 'any') came = random.below(within.length + 1)
    if (style === 'prefix' && sectorEnd <= cut) came = within.length
    for (const { from, to } of within.slice(0, came))
      if (to > from) reached = Math.max(reached, Math.min(to, sectorEnd))
    for (const write of within.slice(came).reverse()) takeBack(bytes, write, sector, sectorEnd)
  }
  // What came is within the file's size; the size may have grown further than what came.
  const length = random.chance(0.5) ? reached : reached + random.below(file.length - reached + 1)
  return new SimulatedFile(bytes, length, length)
}

/** Undoes a write within a sector. */
function takeBack(bytes: Uint8Array, { from, to, before }: Unsynced, sector: number, sectorEnd: number): void {
  const [begin, end] = [Math.max(from, sector), Math.min(to, sectorEnd)]
  bytes.fill(0, begin, end)
  bytes.set(before.subarray(begin - from, end - from), begin)
}
