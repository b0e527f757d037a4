import { holderOf } from '../../core/process-lock.ts'
import type { Versioned } from '../catalog.ts'
import { checkVersionIsOurs, DataFolderError } from './data-folder.ts'
import { scanMap } from './durable-map.ts'
import { itemsKey } from './embedded-catalog.ts'
import { keyOf, newestKey, removedKey } from './embedded-log.ts'
import { type FileSystem, isMissing, readWhole } from './file-system.ts'
import type { LogMeta } from './held-log.ts'
import { readDirectory, segmentNumbers } from './recovery.ts'
import {
  decodeHeader,
  indexName,
  type Scanned,
  type SegmentHeader,
  scanSegment,
  segmentHeaderLength,
  segmentName,
} from './segment-file.ts'
import type { ByteRange, SegmentDirectory } from './segment-index.ts'

/*
 * Looks at a data folder without changing anything in it: it takes no lock and opens nothing for writing, so that it
 * can be done while a server runs, and on a folder that no server would open.
 */

/** What one segment holds of one log. Offsets and times are of the entries that are whole. */
export type LogPart = {
  readonly logNumber: number
  readonly blockCount: number
  /** How many of its runs are sealed. Whether they can be opened is known to who has their keys. */
  readonly sealedCount: number
  readonly entryCount: number
  readonly sizeBytes: number
  readonly firstOffset: number
  readonly endOffset: number
  readonly firstMs: number
  readonly lastMs: number
}

export type InspectedSegment = {
  readonly number: number
  readonly file: string
  readonly sizeBytes: number
  /** What is behind it does not count: it was never acknowledged. */
  readonly validLength: number
  /** Undefined if the header is damaged. */
  readonly createdMs: number | undefined
  readonly index: 'good' | 'missing' | 'damaged'
  /** Ranges whose CRC does not hold, though they had been acknowledged. */
  readonly damage: readonly ByteRange[]
  readonly parts: readonly LogPart[]
}

export type InspectedLog = {
  readonly logId: string
  readonly number: number
  readonly meta: LogMeta
}

export type Finding = { readonly isDamage: boolean; readonly message: string }

export type FolderInspection = {
  readonly directory: string
  readonly formatVersion: number | undefined
  readonly heldByPid: number | undefined
  readonly catalog: ReadonlyMap<string, Versioned>
  readonly logs: readonly InspectedLog[]
  readonly segments: readonly InspectedSegment[]
  readonly findings: readonly Finding[]
}

/** Told how many of all bytes have been read. */
export type Progress = (doneBytes: number, totalBytes: number) => void

/**
 * Reads all of a data folder, one segment at a time in memory. What is wrong with it is a finding.
 * @throws DataFolderError if it is none, or another version's, or cannot be read
 */
export async function inspectFolder(
  fileSystem: FileSystem,
  directory: string,
  progress: Progress = () => {},
): Promise<FolderInspection> {
  const names = await fileSystem.list(directory).catch((error: Error) => {
    throw new DataFolderError(`${directory} cannot be read (${error.message})`)
  })
  if (!names.includes('millrace.json') && !names.includes('log'))
    throw new DataFolderError(`${directory} is not a data folder: it holds no millrace.json`)
  const findings: Finding[] = []
  const inspection = new Inspecting(fileSystem, directory, findings)
  const formatVersion = await inspection.formatVersion()
  if (formatVersion !== undefined) checkVersionIsOurs(`${directory}/millrace.json`, formatVersion)
  const heldByPid = await holderOf(`${directory}/lock`)
  const catalog = await inspection.map('catalog', 'catalog.map')
  await inspection.map('catalog', 'items.map', !catalog.has(itemsKey))
  await inspection.map('catalog', 'identity.map', true)
  const logMap = await inspection.map('log', 'logs.map')
  const segments = await inspection.segments(logMap, heldByPid !== undefined, progress)
  return { directory, formatVersion, heldByPid, catalog, logs: logsIn(logMap), segments, findings }
}

function logsIn(map: ReadonlyMap<string, Versioned>): InspectedLog[] {
  const logs: InspectedLog[] = []
  for (const { key, value, version } of map.values()) {
    if (!key.startsWith(keyOf(''))) continue
    const meta = value as unknown as LogMeta & { readonly number?: number }
    logs.push({ logId: key.slice(keyOf('').length), number: meta.number ?? version, meta })
  }
  return logs
}

type Head = { readonly header: SegmentHeader | undefined; readonly sizeBytes: number }

class Inspecting {
  readonly #fileSystem: FileSystem
  readonly #directory: string
  readonly #findings: Finding[]

  constructor(fileSystem: FileSystem, directory: string, findings: Finding[]) {
    this.#fileSystem = fileSystem
    this.#directory = directory
    this.#findings = findings
  }

  async formatVersion(): Promise<number | undefined> {
    const path = `${this.#directory}/millrace.json`
    try {
      const text = new TextDecoder().decode(await readWhole(this.#fileSystem, path))
      const { formatVersion } = JSON.parse(text) as { formatVersion: unknown }
      if (typeof formatVersion === 'number') return formatVersion
    } catch {}
    this.#damaged(`${path} is missing or damaged`)
    return undefined
  }

  /** The values of a map, as far as they are whole. */
  async map(folder: string, name: string, mayBeMissing = false): Promise<Map<string, Versioned>> {
    const path = `${this.#directory}/${folder}/${name}`
    const values = new Map<string, Versioned>()
    let bytes: Uint8Array
    try {
      bytes = await readWhole(this.#fileSystem, path)
    } catch (error) {
      if (!isMissing(error)) this.#damaged(`${path} cannot be read (${(error as Error).message})`)
      else if (!mayBeMissing) this.#damaged(`${path} is missing`)
      return values
    }
    const { frames, damage, tail } = scanMap(bytes)
    if (tail) this.#note(`${path} ends with a change that was not finished, from byte ${tail.from}`)
    for (const { from, to } of damage)
      this.#damaged(`${path} is damaged from byte ${from} to ${to}: a server does not start on it`)
    for (const { version, changes } of frames)
      for (const [key, value] of changes)
        if (value === undefined) values.delete(key)
        else values.set(key, { key, value, version })
    return values
  }

  /** In order of number. Follows the chain from the newest one back, as the server does when it starts. */
  async segments(
    logMap: ReadonlyMap<string, Versioned>,
    isInUse: boolean,
    progress: Progress,
  ): Promise<InspectedSegment[]> {
    const removed = new Set((logMap.get(removedKey)?.value ?? []) as number[])
    const newest = (logMap.get(newestKey)?.value ?? 0) as number
    const numbers = await this.#numbers()
    const heads = new Map<number, Head>()
    let totalBytes = 0
    for (const number of numbers) {
      const head = await this.#head(number)
      heads.set(number, head)
      totalBytes += head.sizeBytes
    }
    if (newest > Math.max(0, ...numbers, ...removed)) this.#missing(newest)
    const segments: InspectedSegment[] = []
    let next: Head | undefined
    let doneBytes = 0
    progress(0, totalBytes)
    for (const number of numbers.reverse()) {
      const head = heads.get(number)!
      const named = next?.header?.previous
      if (named !== undefined && named < number) {
        // A server that runs is about to, when it was compacted into another.
        if (!isInUse) this.#note(`${this.#path(number)} holds nothing that counts: the next start removes it`)
        continue
      }
      if (named !== undefined && named > number && !removed.has(named)) this.#missing(named)
      const namedLength = named === number ? next!.header!.previousValid : undefined
      const isWhole = next !== undefined && !removed.has(number)
      const segment = await this.#segment(number, namedLength, isWhole, isInUse)
      doneBytes += head.sizeBytes
      progress(doneBytes, totalBytes)
      if (segment) segments.unshift(segment)
      next = head
    }
    const oldest = next?.header?.previous ?? 0
    if (oldest > 0 && !removed.has(oldest)) this.#missing(oldest)
    return segments
  }

  async #numbers(): Promise<number[]> {
    const directory = `${this.#directory}/log`
    const names = await this.#fileSystem.list(directory).catch(() => undefined)
    if (!names) this.#damaged(`${directory} cannot be read`)
    try {
      return segmentNumbers(names ?? [], directory)
    } catch (error) {
      this.#note((error as Error).message)
      return segmentNumbers(
        (names ?? []).filter((name) => name.endsWith('.segment')),
        directory,
      )
    }
  }

  async #head(number: number): Promise<Head> {
    try {
      const file = await this.#fileSystem.open(this.#path(number), 'read')
      try {
        const bytes = new Uint8Array(segmentHeaderLength)
        const header = decodeHeader(bytes.subarray(0, await file.read(bytes, 0)), number)
        return { header, sizeBytes: await file.size() }
      } finally {
        await file.close()
      }
    } catch (error) {
      if (!isMissing(error)) this.#damaged(`${this.#path(number)} cannot be read (${(error as Error).message})`)
      return { header: undefined, sizeBytes: 0 }
    }
  }

  /** Undefined if it went away meanwhile, or cannot be read. */
  async #segment(
    number: number,
    namedLength: number | undefined,
    isWhole: boolean,
    isInUse: boolean,
  ): Promise<InspectedSegment | undefined> {
    const file = this.#path(number)
    const indexFile = `${this.#directory}/log/${indexName(number)}`
    let bytes: Uint8Array
    try {
      bytes = await readWhole(this.#fileSystem, file)
    } catch (error) {
      if (!isMissing(error)) this.#damaged(`${file} cannot be read (${(error as Error).message})`)
      else if (isInUse) this.#note(`${file} went away while it was looked at`)
      return undefined
    }
    // Not the header that was read with all others: a server may have compacted it since.
    const header = decodeHeader(bytes.subarray(0, segmentHeaderLength), number)
    const directory = await readDirectory(this.#fileSystem, indexFile, number, header).catch(() => undefined)
    const index = await this.#indexState(indexFile, directory)
    const named = header?.compactedLength || namedLength
    const byIndex = directory?.validLength
    const known = (header ? (named ?? byIndex) : (byIndex ?? named)) ?? (isWhole ? 'all' : undefined)
    const scanned = scanSegment(bytes, number, known)
    const damage = header ? scanned.damage : [{ from: 0, to: segmentHeaderLength }, ...scanned.damage]
    for (const { from, to } of damage) this.#damaged(`${file} is damaged from byte ${from} to ${to}`)
    if (scanned.tail) this.#tail(file, scanned.tail, isInUse)
    if (index === 'damaged' && !isInUse) this.#note(`${indexFile} is damaged: a server makes it anew from its segment`)
    return {
      number,
      file,
      sizeBytes: bytes.byteLength,
      validLength: scanned.validLength,
      createdMs: header?.createdMs,
      index,
      damage,
      parts: partsOf(scanned),
    }
  }

  #tail(file: string, { from, looksWhole }: NonNullable<Scanned['tail']>, isInUse: boolean): void {
    if (isInUse) this.#note(`${file} ends with a write that is under way, from byte ${from}`)
    else if (!looksWhole) this.#note(`${file} ends with a write that was not finished, from byte ${from}`)
    else this.#damaged(`${file} is broken from byte ${from} on, and nothing tells whether it was acknowledged`)
  }

  /** Also of the rows, which are read at no start. @param directory what stands before them, if that is whole */
  async #indexState(path: string, directory: SegmentDirectory | undefined): Promise<InspectedSegment['index']> {
    try {
      const bytes = await readWhole(this.#fileSystem, path)
      return directory?.hasGoodRows(bytes) ? 'good' : 'damaged'
    } catch (error) {
      return isMissing(error) ? 'missing' : 'damaged'
    }
  }

  #path(number: number): string {
    return `${this.#directory}/log/${segmentName(number)}`
  }

  #missing(number: number): void {
    this.#damaged(`${this.#path(number)} is missing`)
  }

  #damaged(message: string): void {
    this.#findings.push({ isDamage: true, message })
  }

  #note(message: string): void {
    this.#findings.push({ isDamage: false, message })
  }
}

function partsOf({ rows: table, sealedRuns }: Scanned): LogPart[] {
  return table.logNumbers().map((logNumber) => {
    const rows = table.rowsOf(logNumber)!
    let entryCount = 0
    for (let row = 0; row < rows.count; row++) entryCount += rows.endOffset(row) - rows.firstOffset(row)
    const last = rows.count - 1
    return {
      logNumber,
      blockCount: rows.count,
      sealedCount: sealedRuns.get(logNumber) ?? 0,
      entryCount,
      sizeBytes: rows.totalBytes,
      firstOffset: rows.firstOffset(0),
      endOffset: rows.endOffset(last),
      firstMs: rows.timestampMs(0),
      lastMs: rows.timestampMs(last),
    }
  })
}
