import type { ObjectStore } from '../../core/ports.ts'
import { type FileSystem, makeDirectories, nodeFileSystem, replaceFile } from './file-system.ts'

/** Longest object key in bytes, as in S3. */
const keyBytesMax = 1024

/** A folder whose folders are buckets: the object `a/b.json` of the bucket `failed` is the file `failed/a/b.json`. */
export class ObjectFolder implements ObjectStore {
  readonly #directory: string
  readonly #fileSystem: FileSystem

  constructor(directory: string, fileSystem: FileSystem = nodeFileSystem) {
    this.#directory = directory
    this.#fileSystem = fileSystem
  }

  /** @throws Error for a name that leads out of the folder, or what the system says */
  async put(bucket: string, key: string, bytes: Uint8Array): Promise<void> {
    const parts = [bucket, ...key.split('/')]
    if (bucket.includes('/') || !parts.every(isName) || Buffer.byteLength(key) > keyBytesMax)
      throw new Error(`${bucket}/${key} cannot be a file of a bucket`)
    const name = parts.pop()!
    const directory = [this.#directory, ...parts].join('/')
    await makeDirectories(this.#fileSystem, directory)
    await replaceFile(this.#fileSystem, directory, name, [bytes])
  }
}

const isName = (part: string) => /^[^\0/\\]{1,250}$/.test(part) && part !== '.' && part !== '..'
