import type { Logger } from '@millrace/ports'
import { DataFolderError } from './data-folder.ts'
import { type FileSystem, ignoreMissing, readWhole, replaceFile } from './file-system.ts'
import {
  decodeHeader,
  indexName,
  type Scanned,
  type SegmentHeader,
  scanSegment,
  segmentHeaderLength,
  segmentName,
} from './segment-file.ts'
import { decodeDirectory, directoryLength, indexHeadLength, type SegmentDirectory } from './segment-index.ts'
import type { Segment, SegmentStore } from './segment-store.ts'

export type Recovered = {
  /** The last segment, 0 if there is none, and how much of it counts. */
  readonly previous: number
  readonly previousValid: number
  readonly nextNumber: number
  /** More entries than what was lost can have held: the next offsets of all logs must pass it. 0 if nothing was. */
  readonly entriesLostMax: number
  /** Segments that others name but that are not there, though nobody deleted them. */
  readonly missing: readonly number[]
}

/** The smallest run of n entries takes more than 4 n bytes. */
const bytesPerEntryMin = 4

/** What the map of logs remembers of segments. */
export type SegmentNotes = {
  /** Deleted on purpose, though another one still names them. */
  readonly removed: ReadonlySet<number>
  /** The last one in which something was acknowledged; 0 if there was none yet. */
  readonly newest: number
}

/**
 * Finds what the segments hold: from their indexes, or from themselves where there is none. Damage is told to the
 * logger and left out; what was not acknowledged at the end is cut. Nothing is deleted but segments that never began,
 * or that another has taken the place of.
 */
export async function recoverSegments(
  fileSystem: FileSystem,
  directory: string,
  store: SegmentStore,
  logger: Logger,
  { removed, newest }: SegmentNotes,
  segmentBytesMax: number,
): Promise<Recovered> {
  const names = await fileSystem.list(directory)
  const numbers = segmentNumbers(names, directory)
  const leftOver = names.filter((name) => name.endsWith('.segment.new'))
  for (const name of leftOver) await fileSystem.remove(`${directory}/${name}`) // a compaction did not get to its end
  const heads = new Map<number, SegmentHead>()
  for (const number of numbers) heads.set(number, await readHead(fileSystem, store.pathOf(number), number))

  let entriesLostMax = 0
  const missing: number[] = []
  const known = Math.max(0, ...numbers, ...removed)
  if (newest > known) {
    missing.push(newest)
    entriesLostMax += ((newest - known - 1) * segmentBytesMax) / bytesPerEntryMin // others may have gone with it
  }
  let next: { number: number; header: SegmentHeader | undefined } | undefined
  let last: { number: number; validLength: number } | undefined
  for (const number of numbers.reverse()) {
    const { header, sizeBytes } = heads.get(number)!
    const named = next?.header?.previous
    if (named !== undefined && named < number) {
      await store.removeLeftover(number) // nothing was acknowledged in it, or it was compacted into the next
      continue
    }
    if (named !== undefined && named > number && !removed.has(named)) missing.push(named)
    let validLength = header?.compactedLength || (named === number ? next!.header!.previousValid : undefined)
    const index = await readDirectory(fileSystem, `${directory}/${indexName(number)}`, number, header)
    // Without its header nobody knows whether it was compacted. Its index knows best how much of it counts.
    if (!header && index) validLength = undefined
    const { previous = 0, salt } = header ?? {}
    const segment: Segment = { number, previous, salt, directory: index, hasIndex: true }
    if (!index || (validLength !== undefined && index.validLength !== validLength)) {
      const bytes = await readWhole(fileSystem, store.pathOf(number))
      const scanned = scanSegment(bytes, number, validLength ?? (next && !removed.has(number) ? 'all' : undefined))
      if (!header && scanned.rows.count === 0 && !next && number > newest) {
        await store.removeLeftover(number) // its making was not finished
        continue
      }
      const damage = header ? scanned.damage : [{ from: 0, to: segmentHeaderLength }, ...scanned.damage]
      for (const { from, to } of damage) entriesLostMax += (to - from) / bytesPerEntryMin
      if (scanned.tail) tellCut(logger, store.pathOf(number), scanned.tail)
      // A sync of this file may have failed: then what is read now is in memory only, and no other sync of it helps.
      if (validLength === undefined)
        await replaceFile(fileSystem, directory, segmentName(number), [bytes.subarray(0, scanned.validLength)])
      segment.rows = scanned.rows
      segment.hasIndex = false
      await store.finish(segment, scanned.validLength, damage)
    }
    const { validLength: valid, damage } = segment.directory!
    if (!header) store.tellDamage(number, { from: 0, to: segmentHeaderLength })
    for (const range of damage) store.tellDamage(number, range)
    if (sizeBytes < valid) store.tellDamage(number, { from: sizeBytes, to: valid })
    store.segments.set(number, segment)
    last ??= { number, validLength: valid }
    next = { number, header }
  }
  const oldest = next?.header?.previous ?? 0
  if (oldest > 0 && !removed.has(oldest)) missing.push(oldest)
  for (const number of missing) {
    logger.log('error', `${store.pathOf(number)} is missing: its entries are not served`, { segment: number })
    entriesLostMax += segmentBytesMax / bytesPerEntryMin
  }
  return {
    previous: last?.number ?? Math.max(0, ...removed),
    previousValid: last?.validLength ?? 0,
    nextNumber: Math.max(known, newest) + 1,
    entriesLostMax: Math.ceil(entriesLostMax),
    missing,
  }
}

/** Without the map nobody knows whose the blocks are. @throws DataFolderError */
export async function checkMapIsThere(directory: string, fileSystem: FileSystem): Promise<void> {
  const names = await fileSystem.list(directory)
  if (names.some((name) => name.endsWith('.segment')) && !names.includes('logs.map'))
    throw new DataFolderError(`${directory}/logs.map is missing: restore it from a copy of the folder`)
}

/** The segments in a directory, in order. @throws DataFolderError for a file that is none of ours */
export function segmentNumbers(names: readonly string[], directory: string): number[] {
  const numbers: number[] = []
  for (const name of names) {
    const number = /^(\d{10})\.(segment|segment\.new|index|index\.new)$/.exec(name)
    if (number?.[2] === 'segment') numbers.push(Number(number[1]))
    else if (!number && !/^logs\.map(\.new)?$/.test(name))
      throw new DataFolderError(`${directory}/${name} is not Millrace's: move it out of the data folder`)
  }
  return numbers.sort((a, b) => a - b)
}

type SegmentHead = { readonly header: SegmentHeader | undefined; readonly sizeBytes: number }

async function readHead(fileSystem: FileSystem, path: string, segment: number): Promise<SegmentHead> {
  try {
    const file = await fileSystem.open(path, 'read')
    try {
      const bytes = new Uint8Array(segmentHeaderLength)
      const header = decodeHeader(bytes.subarray(0, await file.read(bytes, 0)), segment)
      return { header, sizeBytes: await file.size() }
    } finally {
      await file.close()
    }
  } catch (error) {
    throw new DataFolderError(`${path} cannot be read (${(error as Error).message}): check the disk and permissions`)
  }
}

/** What a segment's index says of it; undefined if that is missing, damaged, or of another segment of that name. */
export async function readDirectory(
  fileSystem: FileSystem,
  path: string,
  segment: number,
  header: SegmentHeader | undefined,
): Promise<SegmentDirectory | undefined> {
  const file = await fileSystem.open(path, 'read').catch(ignoreMissing)
  if (!file) return undefined
  try {
    const head = new Uint8Array(indexHeadLength)
    const length = directoryLength(head.subarray(0, await file.read(head, 0)), segment)
    if (length === undefined || length > (await file.size())) return undefined
    const bytes = new Uint8Array(length)
    const directory = (await file.read(bytes, 0)) === length ? decodeDirectory(bytes) : undefined
    if (!directory || (await file.size()) !== directory.fileLength) return undefined
    return header && directory.previous !== header.previous ? undefined : directory
  } finally {
    await file.close()
  }
}

function tellCut(logger: Logger, path: string, { from, to, looksWhole }: NonNullable<Scanned['tail']>): void {
  const facts = { file: path, fromByte: from, toByte: to }
  if (looksWhole)
    logger.log(
      'error',
      `${path} is broken from byte ${from} to its end, and nothing tells whether it was acknowledged: ` +
        'these entries are not served',
      facts,
    )
  else
    logger.log('warn', `${path} ends with a write that was not finished, from byte ${from}: it does not count`, facts)
}
