import type { Item } from './attribute-value.ts'
import { type Condition, holds } from './condition.ts'
import type { Probe } from './sorted-list.ts'
import { byPlace, type Entries, type Entry } from './table-items.ts'

/** Bytes of items that one page looks at, by AWS's measure, before what a filter leaves of them. */
const pageBytesMax = 1024 * 1024

export type PageRequest = {
  readonly entries: Entries
  /** What belongs to the answer at all: a partition's part, a segment. */
  readonly probe: Probe<Entry>
  readonly isForward: boolean
  /** The place behind which the page begins. */
  readonly after: Entry | undefined
  /** Items to look at. */
  readonly countMax: number | undefined
  /** What a reader sees of an item: all of it, or what an index holds. */
  readonly visible: (item: Item) => Item
  readonly filter: Condition | undefined
}

export type Page = {
  /** Those that passed the filter. */
  readonly items: readonly Item[]
  readonly scannedCount: number
  readonly scannedBytes: number
  /** The last one that was looked at, if there may be more behind it. */
  readonly last: Entry | undefined
}

/** Reads a page of a table or an index. */
export function readPage({ entries, probe, isForward, after, countMax, visible, filter }: PageRequest): Page {
  const items: Item[] = []
  let scannedCount = 0
  let scannedBytes = 0
  for (const entry of isForward ? entries.ascending(beyond(probe, after)) : entries.descending(before(probe, after))) {
    if (probe(entry) !== 0) break
    const item = visible(entry.item)
    scannedCount++
    scannedBytes += entry.sizeBytes
    if (!filter || holds(filter, item)) items.push(item)
    if (scannedCount === countMax || scannedBytes >= pageBytesMax)
      return { items, scannedCount, scannedBytes, last: entry }
  }
  return { items, scannedCount, scannedBytes, last: undefined }
}

/** Puts what lies up to a place before what is asked for. */
const beyond = (probe: Probe<Entry>, place: Entry | undefined): Probe<Entry> =>
  place ? (entry) => (byPlace(entry, place) <= 0 ? -1 : probe(entry)) : probe

/** Puts what lies from a place on behind what is asked for. */
const before = (probe: Probe<Entry>, place: Entry | undefined): Probe<Entry> =>
  place ? (entry) => (byPlace(entry, place) >= 0 ? 1 : probe(entry)) : probe
