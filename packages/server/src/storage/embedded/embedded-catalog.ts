import type { Logger } from '@millrace/ports'
import type { Catalog, CatalogChange, Json, Versioned } from '../catalog.ts'
import { listed, Watchers } from '../versioned-values.ts'
import { DurableMap } from './durable-map.ts'
import type { FileSystem } from './file-system.ts'

/** In `catalog.map`, true once there is an `items.map`. */
export const itemsKey = 'storage/items.map'

/** A catalog in a file: a change shows once it is on the disk. */
export class EmbeddedCatalog implements Catalog {
  readonly #map: DurableMap
  readonly #watchers: Watchers

  private constructor(map: DurableMap, watchers: Watchers) {
    this.#map = map
    this.#watchers = watchers
  }

  /**
   * `catalog.map` is always there; another has no file before its first change, and calls `made` when it has one.
   * @throws DataFolderError if the file is damaged
   */
  static async open(
    fileSystem: FileSystem,
    directory: string,
    logger: Logger,
    fileName: 'catalog.map' | 'items.map' | 'identity.map' = 'catalog.map',
    made: () => Promise<unknown> = async () => {},
  ): Promise<EmbeddedCatalog> {
    const watchers = new Watchers()
    const tell = (key: string) => watchers.tell(key)
    const map = await DurableMap.open(
      fileSystem,
      directory,
      fileName,
      logger,
      tell,
      fileName === 'catalog.map' ? undefined : made,
    )
    return new EmbeddedCatalog(map, watchers)
  }

  get(key: string): Versioned | undefined {
    return this.#map.values.get(key)
  }

  list(prefix: string): Versioned[] {
    return listed(this.#map.values.values(), prefix)
  }

  put(key: string, value: Json, expectedVersion: number): Promise<number | undefined> {
    return this.#map.change(key, value, expectedVersion)
  }

  async delete(key: string, expectedVersion: number): Promise<boolean> {
    if (expectedVersion === 0) return false // there is nothing to delete at version 0
    return (await this.#map.change(key, undefined, expectedVersion)) !== undefined
  }

  commit(changes: readonly CatalogChange[]): Promise<number | undefined> {
    return this.#map.commit(
      changes.map(({ key, expectedVersion, action, value }) => ({
        key,
        value: action === 'put' ? value : undefined,
        expectedVersion,
        isKept: action === 'keep',
      })),
    )
  }

  watch(prefix: string, listener: (key: string) => void): () => void {
    return this.#watchers.add(prefix, listener)
  }

  close(): Promise<void> {
    return this.#map.close()
  }
}
