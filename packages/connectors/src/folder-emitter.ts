import { mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { batchObject, type ObjectOptions } from './batch-object.ts'
import type { Batch, Emitter, Refusal } from './pipeline.ts'

/** Writes each batch as a file of a folder: whole and on the disk, or not at all. Names beginning with `.` are not done yet. */
export class FolderEmitter<Out> implements Emitter<Out> {
  readonly #directory: string
  readonly #options: ObjectOptions<Out>

  constructor(directory: string, options: ObjectOptions<Out> = {}) {
    this.#directory = resolve(directory)
    this.#options = options
  }

  async emit(batch: Batch<Out>): Promise<readonly Refusal<Out>[]> {
    const { key, body, refusals } = await batchObject(batch, this.#options)
    if (body) await this.#write(key, body)
    return refusals
  }

  async #write(key: string, body: Buffer): Promise<void> {
    const path = join(this.#directory, key)
    if (relative(this.#directory, path).split(sep)[0] === '..')
      throw new Error(`The key ${key} leads out of the folder`)
    const folder = dirname(path)
    await mkdir(folder, { recursive: true })
    const unfinished = join(folder, `.${basename(path)}.unfinished`)
    try {
      await synced(unfinished, 'w', (file) => file.writeFile(body))
      await rename(unfinished, path)
      await synced(folder, 'r')
    } catch (error) {
      await rm(unfinished, { force: true })
      throw error
    }
  }
}

type OpenFile = Awaited<ReturnType<typeof open>>

async function synced(path: string, flags: string, write: (file: OpenFile) => Promise<void> = async () => {}) {
  const file = await open(path, flags)
  try {
    await write(file)
    await file.sync()
  } finally {
    await file.close()
  }
}
