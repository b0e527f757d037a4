import { crc32 } from 'node:zlib'
import type { Logger } from '@millrace/ports'
import type { Json, Versioned } from '../catalog.ts'
import { StorageFailed } from '../log.ts'
import { DataFolderError } from './data-folder.ts'
import { type File, type FileSystem, isMissing, readWhole, replaceFile } from './file-system.ts'
import type { ByteRange } from './segment-index.ts'

/*
 * A few thousand values by key, all in memory, each change in a file before anyone sees it. The file, little-endian:
 *
 *   magic[8] = "MILLMAP1", then frames:
 *   length:u32  crc32:u32  version:f64  durableTo:f64  json[length]
 *
 * crc32 is over version, durableTo and json. The json is [key, value], [key] for a deletion, a list of these for changes
 * that are made together, or [] for no change (it remembers the version, and vouches for what is before it). `durableTo` is how much of the file was synced when
 * the frame counted first: a broken frame before that place is damage, one after it is an unfinished write. The first
 * frame's is the length of the whole file as it was written anew, for that gets its name when it is synced.
 */

const magic = new TextEncoder().encode('MILLMAP1')
const headerLength = 24
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A file that is written anew lets others have their turn after so many frames. */
const framesAtOnce = 2000

/** A file is written anew when it holds more than this, and four times what is alive. */
const rewriteBytesMin = 256 * 1024

/** A change of one key; an undefined value deletes. */
type Change = {
  readonly key: string
  readonly value: Json | undefined
  /** 0: there must be no value; undefined: whatever there is. */
  readonly expectedVersion: number | undefined
  /** Nothing is changed: the version must be the expected one, and no more. */
  readonly isKept?: boolean
}

/** Changes that are made together, in one frame, or not at all. */
type Group = {
  readonly changes: readonly Change[]
  readonly resolve: (version: number | undefined) => void
  readonly reject: (error: Error) => void
}

export class DurableMap {
  readonly values = new Map<string, Versioned>()
  readonly #fileSystem: FileSystem
  readonly #directory: string
  readonly #name: string
  readonly #changed: (key: string) => void
  readonly #made: (() => Promise<unknown>) | undefined
  #version = 0
  #pending: Group[] = []
  #writing: Promise<void> | undefined
  /** Undefined before the first change and after a failure: then the next change writes a new file first. */
  #file: File | undefined
  #sizeBytes = 0
  #rewrittenBytes = 0

  private constructor(
    fileSystem: FileSystem,
    directory: string,
    name: string,
    changed: (key: string) => void,
    made: (() => Promise<unknown>) | undefined,
  ) {
    this.#fileSystem = fileSystem
    this.#directory = directory
    this.#name = name
    this.#changed = changed
    this.#made = made
  }

  /**
   * Opens the map in `directory/name`; `changed` is told of each key whose value changes. With `made` it has no file
   * before its first change, and is told when there is one, before the first change is in it: who remembers that can
   * miss the file.
   * @throws DataFolderError if the file is damaged
   */
  static async open(
    fileSystem: FileSystem,
    directory: string,
    name: string,
    logger: Logger,
    changed: (key: string) => void = () => {},
    made?: () => Promise<unknown>,
  ): Promise<DurableMap> {
    const map = new DurableMap(fileSystem, directory, name, changed, made)
    try {
      map.#load(await readWhole(fileSystem, map.#path), logger)
    } catch (error) {
      if (!isMissing(error)) throw error
      if (made) return map
    }
    // What was read may never have been synced: a new file makes it so, and the old one is not written to any more.
    await map.#rewrite()
    return map
  }

  /**
   * Sets a value (undefined deletes). With `expectedVersion`, only if the key's value has it (0: there is none).
   * Resolves once durable with the new version, or with undefined if the version was another. @throws StorageFailed
   */
  change(key: string, value: Json | undefined, expectedVersion?: number): Promise<number | undefined> {
    return this.commit([{ key, value, expectedVersion }])
  }

  /** Makes all changes, each of another key, or none; they get one version. Resolves as `change` does. */
  commit(changes: readonly Change[]): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ changes, resolve, reject })
      this.#writing ??= this.#run()
    })
  }

  /** Waits for what was asked, and lets go of the file. */
  async close(): Promise<void> {
    while (this.#writing) await this.#writing
    const file = this.#file
    this.#file = undefined
    if (!file) return
    try {
      await file.append([frame(this.#version, this.#sizeBytes, [])]) // vouches for the last change
      await file.dataSync()
    } catch {
      // the changes are durable without it
    } finally {
      await file.close().catch(() => {})
    }
  }

  get #path(): string {
    return `${this.#directory}/${this.#name}`
  }

  /** Writes until nothing waits: all that came while one sync ran goes with the next. */
  async #run(): Promise<void> {
    await Promise.resolve()
    while (this.#pending.length > 0) {
      const groups = this.#pending
      this.#pending = []
      try {
        await this.#write(groups)
      } catch (error) {
        await this.#file?.close().catch(() => {})
        this.#file = undefined
        const failed = new StorageFailed(`${this.#path} cannot be written: ${(error as Error).message}`, {
          cause: error,
        })
        for (const group of groups) group.reject(failed)
      }
    }
    this.#writing = undefined // in the same turn as the last look at what waits: nobody can come between
  }

  async #write(groups: readonly Group[]): Promise<void> {
    if (!this.#file || this.#sizeBytes > Math.max(rewriteBytesMin, 4 * this.#rewrittenBytes)) await this.#rewrite()
    const decided = new Map<string, number>()
    const frames: Uint8Array[] = []
    const versions: (number | undefined)[] = []
    let version = this.#version
    const versionOf = (key: string) => decided.get(key) ?? this.values.get(key)?.version ?? 0
    for (const { changes } of groups) {
      if (changes.some(({ key, expectedVersion = versionOf(key) }) => expectedVersion !== versionOf(key))) {
        versions.push(undefined)
        continue
      }
      version++
      versions.push(version)
      const made = changes.filter(({ isKept }) => !isKept)
      for (const { key, value } of made) decided.set(key, value === undefined ? 0 : version)
      if (made.length > 0) frames.push(frame(version, this.#sizeBytes, jsonOf(made)))
    }
    if (frames.length > 0) {
      await this.#file!.append(frames)
      await this.#file!.dataSync()
      for (const { byteLength } of frames) this.#sizeBytes += byteLength
    }
    for (const [i, { changes, resolve }] of groups.entries()) {
      const given = versions[i]
      const made = given === undefined ? [] : changes.filter(({ isKept }) => !isKept)
      for (const { key, value } of made) this.#apply(key, value, given!)
      for (const { key } of made) this.#changed(key)
      resolve(given)
    }
  }

  #apply(key: string, value: Json | undefined, version: number): void {
    this.#version = version
    if (value === undefined) this.values.delete(key)
    else this.values.set(key, { key, value, version })
  }

  async #rewrite(): Promise<void> {
    await this.#file?.close()
    this.#file = undefined
    const parts: Uint8Array[] = [magic, frame(this.#version, 0, [])]
    for (const { key, value, version } of this.values.values()) {
      parts.push(frame(version, 0, [key, value]))
      if (parts.length % framesAtOnce === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    const size = parts.reduce((sum, part) => sum + part.byteLength, 0)
    parts[1] = frame(this.#version, size, []) // so that a file which was cut is noticed
    const last = frame(this.#version, size, []) // vouches for all before it: the file is synced before it has its name
    parts.push(last)
    await replaceFile(this.#fileSystem, this.#directory, this.#name, parts)
    await this.#made?.()
    this.#file = await this.#fileSystem.open(this.#path, 'append')
    this.#sizeBytes = size + last.byteLength
    this.#rewrittenBytes = this.#sizeBytes
  }

  #load(bytes: Uint8Array, logger: Logger): void {
    const { frames, damage, tail } = scanMap(bytes)
    if (damage.length > 0)
      throw new DataFolderError(
        `${this.#path} is damaged at byte ${damage[0]!.from}: restore it from a copy of the folder`,
      )
    for (const { version, changes } of frames) {
      const highest = Math.max(this.#version, version) // a rewritten file is in order of key's age
      for (const [key, value] of changes) this.#apply(key, value, version)
      this.#version = highest
    }
    if (tail)
      logger.log(
        'warn',
        `${this.#path} ends with a change that was not finished, from byte ${tail.from}: it does not count`,
        {
          file: this.#path,
          fromByte: tail.from,
          toByte: tail.to,
        },
      )
  }
}

export type ScannedMap = {
  /** In order of place. */
  readonly frames: readonly Frame[]
  /** Ranges that hold no good frame, though what was there had been durable. */
  readonly damage: readonly ByteRange[]
  /** What was left out at the end: a change that was not finished, so far as one can know. */
  readonly tail: ByteRange | undefined
}

/** Finds the good frames of a map's file. What is broken and nothing vouches for was not finished, and is left out. */
export function scanMap(bytes: Uint8Array): ScannedMap {
  const frames: Frame[] = []
  const gaps: ByteRange[] = []
  const isOurs = magic.every((byte, i) => bytes[i] === byte)
  let durableTo = magic.byteLength + headerLength // a file gets its name when it has a frame, and that is durable
  let at = isOurs ? magic.byteLength : 0
  while (at < bytes.byteLength) {
    const from = at
    let read = readFrame(bytes, at)
    while (!read && ++at < bytes.byteLength) read = readFrame(bytes, at)
    if (at > from) gaps.push({ from, to: at })
    if (!read) break
    frames.push(read)
    durableTo = Math.max(durableTo, read.durableTo)
    at = read.end
  }
  if (bytes.byteLength < durableTo && gaps.at(-1)?.to !== bytes.byteLength)
    gaps.push({ from: bytes.byteLength, to: durableTo })
  const damage = gaps.filter(({ from }) => from < durableTo)
  const torn = gaps.find(({ from }) => from >= durableTo)
  if (!torn) return { frames, damage, tail: undefined }
  const kept = frames.filter(({ end }) => end <= torn.from)
  return { frames: kept, damage, tail: { from: torn.from, to: bytes.byteLength } }
}

function frame(version: number, durableTo: number, json: Json): Uint8Array {
  const text = JSON.stringify(json)
  const length = Buffer.byteLength(text)
  // From Node's pool: a buffer of its own for each of a million frames would have the collector run all the time.
  const bytes = Buffer.allocUnsafe(headerLength + length)
  bytes.writeUInt32LE(length, 0)
  bytes.writeDoubleLE(version, 8)
  bytes.writeDoubleLE(durableTo, 16)
  bytes.write(text, headerLength)
  bytes.writeUInt32LE(crc32(bytes.subarray(8)), 4)
  return bytes
}

const jsonOf = (changes: readonly Change[]): Json => {
  const pairs = changes.map(({ key, value }) => (value === undefined ? [key] : [key, value]))
  return pairs.length === 1 ? pairs[0]! : pairs
}

export type Frame = {
  readonly version: number
  readonly durableTo: number
  readonly changes: readonly KeyChange[]
  readonly end: number
}

/** Without a value the key was deleted. */
type KeyChange = readonly [key: string, value?: Json]

function readFrame(bytes: Uint8Array, at: number): Frame | undefined {
  if (at + headerLength > bytes.byteLength) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset + at)
  const end = at + headerLength + view.getUint32(0, true)
  if (end > bytes.byteLength || crc32(bytes.subarray(at + 8, end)) !== view.getUint32(4, true)) return undefined
  const json = JSON.parse(decoder.decode(bytes.subarray(at + headerLength, end))) as KeyChange | KeyChange[]
  const changes = (json.length === 0 || Array.isArray(json[0]) ? json : [json]) as KeyChange[]
  return { version: view.getFloat64(8, true), durableTo: view.getFloat64(16, true), changes, end }
}
