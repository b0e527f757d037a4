import type { Catalog, CatalogChange, Json, Versioned } from '../catalog.ts'
import { listed, Watchers } from '../versioned-values.ts'

/** A catalog that ends with the process. */
export class MemoryCatalog implements Catalog {
  readonly #values = new Map<string, Versioned>()
  readonly #watchers = new Watchers()
  #version = 0

  get(key: string): Versioned | undefined {
    return this.#values.get(key)
  }

  list(prefix: string): Versioned[] {
    return listed(this.#values.values(), prefix)
  }

  put(key: string, value: Json, expectedVersion: number): Promise<number | undefined> {
    return this.commit([{ key, expectedVersion, action: 'put', value }])
  }

  async delete(key: string, expectedVersion: number): Promise<boolean> {
    if (expectedVersion === 0) return false // there is nothing to delete at version 0
    return (await this.commit([{ key, expectedVersion, action: 'delete' }])) !== undefined
  }

  async commit(changes: readonly CatalogChange[]): Promise<number | undefined> {
    for (const { key, expectedVersion } of changes)
      if ((this.#values.get(key)?.version ?? 0) !== expectedVersion) return undefined
    const version = ++this.#version
    const made = changes.filter(({ action }) => action !== 'keep')
    for (const { key, action, value } of made)
      if (action === 'delete') this.#values.delete(key)
      else this.#values.set(key, { key, value: value!, version })
    for (const { key } of made) this.#watchers.tell(key)
    return version
  }

  watch(prefix: string, listener: (key: string) => void): () => void {
    return this.#watchers.add(prefix, listener)
  }
}
