import { PositionSet, readRuns, runsOf, runsOfSet } from './position-set.ts'

/*
 * What is settled beyond the checkpoint, as it is saved. By way out and lane: the positions of records, as runs
 * (`RunWriter`), and of records of which only parts are settled, which of how many parts. A part that became several parts
 * itself has a key of its own.
 *
 *   {"version": 3, "delivered": {"put": {"at": RUNS, "parts": {"1200": [4, RUNS], "1201.2": [3, RUNS]}}}, "kept": {}}
 */

/** The ways out: the destination with its error output, and the backup of all records. */
export const ways = ['delivered', 'kept'] as const
export type Way = (typeof ways)[number]

type SavedLane = {
  readonly at?: string
  readonly parts?: { readonly [key: string]: readonly [of: number, runs: string] }
}
export type SavedLanes = { readonly [lane: string]: SavedLane }
/** `version` is that of the settings by which records became parts. */
export type SavedSettled = { readonly version: number } & { readonly [K in Way]: SavedLanes }

/** How many records, and parts of others, are named. */
export function countOf(saved: SavedLanes): number {
  let count = 0
  const add = (start: number, end: number) => {
    count += end - start
  }
  for (const { at = '', parts = {} } of Object.values(saved)) {
    readRuns(at, add)
    for (const [, runs] of Object.values(parts)) readRuns(runs, add)
  }
  return count
}

type Parts = { readonly of: number; readonly done: PositionSet }

class Lane {
  readonly whole = new PositionSet()
  readonly parts = new Map<string, Parts>()
  /** Since the last time that changes were asked for. */
  fresh: number[] = []
  readonly freshParts = new Set<string>()
}

/** What is settled beyond the checkpoint, for one way out. */
export class Settled {
  readonly #lanes = new Map<string, Lane>()

  /** @param isSplitAlike whether records become the same parts as when it was saved; parts do not count otherwise */
  restore(saved: SavedLanes, isSplitAlike: boolean): void {
    for (const [name, { at = '', parts = {} }] of Object.entries(saved)) {
      const lane = this.#lane(name)
      readRuns(at, (start, end) => {
        for (let position = start; position < end; position++) lane.whole.add(position)
      })
      for (const [key, [of, runs]] of Object.entries(isSplitAlike ? parts : {})) {
        const done = new PositionSet()
        readRuns(runs, (start, end) => {
          for (let index = start; index < end; index++) done.add(index)
        })
        lane.parts.set(key, { of, done })
      }
      for (const key of lane.parts.keys()) if (lane.whole.has(positionOf(key))) lane.parts.delete(key)
    }
  }

  /** Beside what is settled: the same places, told by a receipt. */
  addAll(saved: SavedLanes): void {
    for (const [name, { at = '', parts = {} }] of Object.entries(saved)) {
      readRuns(at, (start, end) => {
        for (let position = start; position < end; position++) this.add(name, position)
      })
      for (const [key, [of, runs]] of Object.entries(parts))
        readRuns(runs, (start, end) => {
          for (let index = start; index < end; index++) this.addPart(name, key, of, index)
        })
    }
  }

  /** Behind the highest position of which something is settled. */
  end(lane: string): number {
    const known = this.#lanes.get(lane)
    if (!known) return 0
    let end = known.whole.end
    for (const key of known.parts.keys()) end = Math.max(end, positionOf(key) + 1)
    return end
  }

  has(lane: string, position: number): boolean {
    return this.#lanes.get(lane)?.whole.has(position) ?? false
  }

  hasPart(lane: string, key: string, of: number, index: number): boolean {
    const parts = this.#lanes.get(lane)?.parts.get(key)
    return parts !== undefined && parts.of === of && parts.done.has(index)
  }

  add(lane: string, position: number): void {
    const known = this.#lane(lane)
    known.whole.add(position)
    known.fresh.push(position)
  }

  addPart(lane: string, key: string, of: number, index: number): void {
    const known = this.#lane(lane)
    let parts = known.parts.get(key)
    if (parts?.of !== of) {
      parts = { of, done: new PositionSet() }
      known.parts.set(key, parts)
    }
    parts.done.add(index)
    known.freshParts.add(key)
  }

  /** All parts are settled: what they were parts of is told as a whole. */
  forgetParts(lane: string, key: string): void {
    this.#lanes.get(lane)?.parts.delete(key)
  }

  /** The checkpoint of a lane has passed them. */
  forgetBefore(lane: string, position: number): void {
    const known = this.#lanes.get(lane)
    if (!known) return
    known.whole.forgetBefore(position)
    for (const key of known.parts.keys()) if (positionOf(key) < position) known.parts.delete(key)
    known.fresh = known.fresh.filter((each) => each >= position)
  }

  forgetLane(lane: string): void {
    this.#lanes.delete(lane)
  }

  /** How far the highest position of a lane is from the lowest. */
  span(lane: string): number {
    return this.#lanes.get(lane)?.whole.span ?? 0
  }

  /** What came since the last call of this or of `all`. */
  changes(): SavedLanes {
    return this.#saved((lane) => ({
      at: runsOf(lane.fresh),
      keys: [...lane.freshParts].filter((key) => lane.parts.has(key)),
    }))
  }

  all(): SavedLanes {
    return this.#saved((lane) => ({ at: runsOfSet(lane.whole), keys: [...lane.parts.keys()] }))
  }

  #saved(shown: (lane: Lane) => { at: string; keys: readonly string[] }): SavedLanes {
    const saved: Record<string, SavedLane> = {}
    for (const [name, lane] of this.#lanes) {
      const { at, keys } = shown(lane)
      const parts = keys.map((key) => {
        const { of, done } = lane.parts.get(key)!
        return [key, [of, runsOfSet(done)]] as const
      })
      if (at !== '' || parts.length > 0)
        saved[name] = { ...(at !== '' && { at }), ...(parts.length > 0 && { parts: Object.fromEntries(parts) }) }
      lane.fresh = []
      lane.freshParts.clear()
    }
    return saved
  }

  #lane(name: string): Lane {
    const known = this.#lanes.get(name)
    if (known) return known
    const lane = new Lane()
    this.#lanes.set(name, lane)
    return lane
  }
}

/** `1200` or `1201.2` → 1200, 1201 */
const positionOf = (key: string) => Number.parseInt(key, 10)
