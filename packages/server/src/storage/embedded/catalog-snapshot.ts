import type { Catalog, Versioned } from '../catalog.ts'
import { StorageFailed } from '../log.ts'
import { listed } from '../versioned-values.ts'
import { DataFolderError } from './data-folder.ts'
import { scanMap } from './durable-map.ts'
import { type FileSystem, ignoreMissing, readWhole } from './file-system.ts'

/**
 * A catalog as its file is now. Neither opening it nor anything after changes the file, so that another process may be
 * writing to it meanwhile: a change that is not whole yet is not there yet.
 */
export class CatalogSnapshot implements Catalog {
  readonly #values: ReadonlyMap<string, Versioned>

  private constructor(values: ReadonlyMap<string, Versioned>) {
    this.#values = values
  }

  /** Undefined if there is no such file. @throws DataFolderError if it is damaged */
  static async read(fileSystem: FileSystem, path: string): Promise<CatalogSnapshot | undefined> {
    const bytes = await readWhole(fileSystem, path).catch(ignoreMissing)
    if (!bytes) return undefined
    const { frames, damage } = scanMap(bytes)
    if (damage.length > 0)
      throw new DataFolderError(`${path} is damaged at byte ${damage[0]!.from}: restore it from a copy of the folder`)
    const values = new Map<string, Versioned>()
    for (const { version, changes } of frames)
      for (const [key, value] of changes)
        if (value === undefined) values.delete(key)
        else values.set(key, { key, value, version })
    return new CatalogSnapshot(values)
  }

  get(key: string): Versioned | undefined {
    return this.#values.get(key)
  }

  list(prefix: string): Versioned[] {
    return listed(this.#values.values(), prefix)
  }

  async put(): Promise<never> {
    throw new StorageFailed('a snapshot of a catalog is not written to')
  }

  delete(): Promise<never> {
    return this.put()
  }

  commit(): Promise<never> {
    return this.put()
  }

  /** Nothing ever changes. */
  watch(): () => void {
    return () => {}
  }
}
