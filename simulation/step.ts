import type { SeededRandom } from './seeded-random.ts'
import type { Crash } from './simulated-disk.ts'

/** What happens to a storage. Logs are chosen by number, modulo how many there are; a portion is of 100. */
export type Step =
  | { readonly kind: 'create'; readonly retentionHours: number }
  | { readonly kind: 'put'; readonly log: number; readonly sizes: readonly number[] }
  /** One call puts to several logs, to some of them twice. */
  | { readonly kind: 'spread'; readonly logs: readonly number[]; readonly sizes: readonly number[] }
  | { readonly kind: 'read'; readonly log: number; readonly portion: number; readonly entriesMax: number }
  /** Closes a log and makes two that take its place. */
  | { readonly kind: 'split'; readonly log: number }
  /** Closes two logs and makes one. */
  | { readonly kind: 'merge'; readonly log: number; readonly other: number }
  /** Fills the segment, so that the next put begins another. */
  | { readonly kind: 'roll'; readonly log: number }
  | { readonly kind: 'trim'; readonly log: number; readonly portion: number }
  | { readonly kind: 'configure'; readonly log: number; readonly retentionHours: number }
  | { readonly kind: 'delete'; readonly log: number }
  /** Gives the space of what is expired back. */
  | { readonly kind: 'sweep' }
  /** Time passes. */
  | { readonly kind: 'pass'; readonly ms: number }
  /** Somebody sets the wall clock. */
  | { readonly kind: 'clock'; readonly ms: number }
  /** Nothing comes for a while, and the storage does what it does then. */
  | { readonly kind: 'idle' }
  | { readonly kind: 'catalog'; readonly key: number; readonly isDeletion: boolean }
  | { readonly kind: 'together'; readonly during: readonly Step[] }
  /** Some calls to the disk fail, one after the other, while steps are done. */
  | {
      readonly kind: 'fault'
      readonly afterCalls: number
      readonly calls: number
      readonly code: string
      readonly during: readonly Step[]
    }
  | { readonly kind: 'restart' }
  | { readonly kind: 'crash'; readonly crash: Crash; readonly afterChanges: number; readonly during: readonly Step[] }

export const hourMs = 3_600_000
const dayMs = 24 * hourMs
const minuteMs = 60_000

/** The wall clock is set as badly as clocks are: none of it is time that passed. */
export const clockSteps = [-minuteMs, -dayMs, dayMs, 365 * dayMs, -365 * dayMs]

export const passingMs = [1, 1_000, 10 * minuteMs, 20 * minuteMs, hourMs, 2 * hourMs, dayMs]

const simpleKinds = [
  ...Array<'put'>(10).fill('put'),
  ...Array<'spread'>(4).fill('spread'),
  ...Array<'read'>(3).fill('read'),
  'create',
  'split',
  'merge',
  'roll',
  'trim',
  'configure',
  'delete',
  'sweep',
  'catalog',
  'catalog',
] as const

const kinds = [
  ...simpleKinds,
  ...Array<'together'>(5).fill('together'),
  ...Array<'fault'>(3).fill('fault'),
  ...Array<'crash'>(3).fill('crash'),
  'clock',
  'pass',
  'pass',
  'pass',
  'idle',
  'idle',
  'sweep',
  'restart',
] as const

export function randomStep(random: SeededRandom): Step {
  return stepOf(random.pick(kinds), random)
}

function stepOf(kind: (typeof kinds)[number], random: SeededRandom): Step {
  const log = random.below(100)
  switch (kind) {
    case 'create':
    case 'configure':
      return { kind, log, retentionHours: random.pick([1, 1, 3, 24]) }
    case 'put':
      return { kind, log, sizes: randomSizes(random) }
    case 'read':
      return { kind, log, portion: random.below(110), entriesMax: random.pick([1, 3, 1_000_000]) }
    case 'spread':
      return {
        kind,
        logs: Array.from({ length: 2 + random.below(6) }, () => random.below(100)),
        sizes: randomSizes(random),
      }
    case 'split':
    case 'roll':
    case 'delete':
      return { kind, log }
    case 'merge':
      return { kind, log, other: random.below(100) }
    case 'trim':
      return { kind, log, portion: random.below(101) }
    case 'sweep':
    case 'idle':
    case 'restart':
      return { kind }
    case 'clock':
      return { kind, ms: random.pick(clockSteps) }
    case 'pass':
      return { kind, ms: random.pick(passingMs) }
    case 'catalog':
      return { kind, key: random.below(5), isDeletion: random.chance(0.25) }
    case 'together':
      return { kind, during: randomSteps(random, 2 + random.below(5)) }
    case 'fault':
      return {
        kind,
        afterCalls: random.below(12),
        calls: random.chance(0.6) ? 1 : 1 + random.below(6),
        code: random.pick(['EIO', 'EIO', 'ENOSPC']),
        during: randomSteps(random, 1 + random.below(4)),
      }
    case 'crash':
      return {
        kind,
        crash: random.chance(0.6) ? 'power' : 'process',
        afterChanges: random.below(20),
        during: randomSteps(random, random.below(6)),
      }
  }
}

function randomSteps(random: SeededRandom, count: number): Step[] {
  return Array.from({ length: count }, () => stepOf(random.pick(simpleKinds), random))
}

/** Most entries are small; some cross a sector, or many. */
function randomSizes(random: SeededRandom): number[] {
  const count = random.chance(0.6) ? 1 : 1 + random.below(5)
  return Array.from({ length: count }, () => random.below(random.chance(0.2) ? 1_500 : 60))
}
