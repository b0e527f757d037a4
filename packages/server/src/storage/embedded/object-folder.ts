import type { Random } from '@millrace/ports'
import { ObjectRefused, type ObjectStore } from '../../core/ports/objects.ts'
import { type FileSystem, ignoreMissing, isMissing, makeDirectories, nodeFileSystem, readWhole } from './file-system.ts'
import { keyBytesMax, pathOf } from './object-path.ts'

/*
 * A folder whose folders are buckets: the object `a/b.json` of the bucket `failed` is the file `failed/a/b.json`
 * (object-path.ts has the keys that no file can be named by).
 *
 *   BUCKETS/failed/a/b.json      whole, always
 *   BUCKETS/.millrace/ID.7       one that is being written: on the disk before it is moved to its place
 *   BUCKETS/.millrace/ID.lock    the process that writes there: what it left when it is gone, the next one removes
 */

/** Beside the buckets, in their file system. No bucket is called like it, for theirs begin with a letter or a digit. */
const draftsFolder = '.millrace'

/** Folders that are known to be there and durable, so that they need not be made again. Above it all are forgotten. */
const knownFoldersMax = 10_000

export type ObjectFolderParts = { readonly random: Random; readonly fileSystem?: FileSystem }

export class ObjectFolder implements ObjectStore {
  readonly #directory: string
  readonly #random: Random
  readonly #fileSystem: FileSystem
  readonly #known = new Set<string>()
  #drafts: Promise<{ readonly prefix: string; release(): Promise<void> }> | undefined
  #written = 0

  constructor(directory: string, { random, fileSystem = nodeFileSystem }: ObjectFolderParts) {
    this.#directory = directory
    this.#random = random
    this.#fileSystem = fileSystem
  }

  /** @throws ObjectRefused for what can be no object of a folder, or with what the system says (`ENOSPC`) */
  async put(bucket: string, key: string, parts: readonly Uint8Array[]): Promise<void> {
    const path = this.#pathOf(bucket, key)
    const draft = await this.#write(parts).catch((error: unknown) => {
      throw systemRefused(error)
    })
    try {
      await this.#move(draft, path)
    } catch (error) {
      await this.#fileSystem.remove(draft).catch(() => {}) // the next process removes it
      if (isTaken.has((error as NodeJS.ErrnoException).code ?? '')) throw pathTaken(bucket, key, error)
      throw systemRefused(error)
    }
  }

  /** @throws ObjectRefused, as `put` does, and `EntityTooLarge` */
  async get(bucket: string, key: string, bytesMax: number): Promise<Uint8Array | undefined> {
    const path = this.#pathOf(bucket, key)
    try {
      return await readWhole(this.#fileSystem, path, bytesMax)
    } catch (error) {
      if (isMissing(error) || isTaken.has((error as NodeJS.ErrnoException).code ?? '')) return undefined
      throw systemRefused(error)
    }
  }

  #pathOf(bucket: string, key: string): string {
    if (!/^[a-zA-Z0-9][\w.-]{0,254}$/.test(bucket))
      throw new ObjectRefused('InvalidBucketName', 'The specified bucket is not valid.')
    if (key === '') throw new ObjectRefused('InvalidURI', 'An object has a key of at least one byte.')
    if (Buffer.byteLength(key) > keyBytesMax) throw new ObjectRefused('KeyTooLongError', 'Your key is too long')
    return `${this.#directory}/${bucket}/${pathOf(key)}`
  }

  /** Writes a file where nobody looks for objects. */
  async #write(parts: readonly Uint8Array[]): Promise<string> {
    this.#drafts ??= this.#openDrafts().catch((error: unknown) => {
      this.#drafts = undefined
      throw error
    })
    const { prefix } = await this.#drafts
    const draft = `${prefix}.${++this.#written}`
    const file = await this.#fileSystem.open(draft, 'create')
    try {
      await file.append(parts)
      await file.dataSync()
    } catch (error) {
      await file.close().catch(() => {})
      await this.#fileSystem.remove(draft).catch(() => {})
      throw error
    }
    await file.close()
    return draft
  }

  /** Gives a file its place: it is there whole, or not at all. */
  async #move(draft: string, path: string): Promise<void> {
    const folder = path.slice(0, path.lastIndexOf('/'))
    if (!this.#known.has(folder)) await makeDirectories(this.#fileSystem, folder)
    try {
      await this.#fileSystem.rename(draft, path)
    } catch (error) {
      if (!isMissing(error)) throw error
      await makeDirectories(this.#fileSystem, folder) // somebody has tidied up
      await this.#fileSystem.rename(draft, path)
    }
    await this.#fileSystem.syncDirectory(folder)
    if (this.#known.size >= knownFoldersMax) this.#known.clear()
    this.#known.add(folder)
  }

  /** What the names of this process's drafts begin with. Removes those of processes that are gone. */
  async #openDrafts() {
    const folder = `${this.#directory}/${draftsFolder}`
    await makeDirectories(this.#fileSystem, folder)
    const left = new Map<string, string[]>()
    for (const name of await this.#fileSystem.list(folder)) {
      const [, id, number] = /^([\da-f-]{36})\.(\d+|lock)$/.exec(name) ?? []
      if (id !== undefined) left.set(id, [...(left.get(id) ?? []), ...(number === 'lock' ? [] : [name])])
    }
    for (const [id, names] of left) await this.#removeLeft(folder, id, names)
    const prefix = `${folder}/${this.#random.uuid()}`
    const lock = await this.#fileSystem.lock(`${prefix}.lock`)
    if ('heldByPid' in lock) throw new Error(`${prefix}.lock is held by process ${lock.heldByPid}`)
    return { prefix, release: () => lock.release() }
  }

  async #removeLeft(folder: string, id: string, names: readonly string[]): Promise<void> {
    const lock = await this.#fileSystem.lock(`${folder}/${id}.lock`)
    if ('heldByPid' in lock) return // it still writes
    for (const name of names) await this.#fileSystem.remove(`${folder}/${name}`).catch(ignoreMissing)
    await lock.release()
  }

  async close(): Promise<void> {
    const drafts = await this.#drafts?.catch(() => undefined)
    this.#drafts = undefined
    await drafts?.release()
  }
}

/** A file where a folder must be, or a folder where a file must be. */
const isTaken = new Set(['ENOTDIR', 'EISDIR', 'ENOTEMPTY', 'EEXIST'])

const pathTaken = (bucket: string, key: string, cause: unknown) =>
  new ObjectRefused(
    'PathTaken',
    `${bucket}/${key}: a file is in the way of a folder, or a folder in the way of a file; a service may keep both, a disk cannot`,
    { cause },
  )

const systemRefused = (error: unknown) => {
  const { code = 'InternalError', message } = error as NodeJS.ErrnoException
  return new ObjectRefused(code, message, { cause: error })
}
