import type { Catalog, CatalogChange, Json, Versioned } from '../catalog.ts'

/** A catalog that ends with the process. The embedded catalog keeps its values in one of these, too. */
export class MemoryCatalog implements Catalog {
  readonly #values = new Map<string, Versioned>()
  readonly #watchers = new Set<{ prefix: string; listener: (key: string) => void }>()
  #version = 0

  get(key: string): Versioned | undefined {
    return this.#values.get(key)
  }

  list(prefix: string): Versioned[] {
    const found = [...this.#values.values()].filter(({ key }) => key.startsWith(prefix))
    return found.sort((a, b) => (a.key < b.key ? -1 : 1))
  }

  async put(key: string, value: Json, expectedVersion: number): Promise<number | undefined> {
    if ((this.#values.get(key)?.version ?? 0) !== expectedVersion) return undefined
    return this.apply(key, value)
  }

  async delete(key: string, expectedVersion: number): Promise<boolean> {
    if (this.#values.get(key)?.version !== expectedVersion) return false
    this.apply(key, undefined)
    return true
  }

  async commit(changes: readonly CatalogChange[]): Promise<number | undefined> {
    for (const { key, expectedVersion } of changes)
      if ((this.#values.get(key)?.version ?? 0) !== expectedVersion) return undefined
    const version = this.#version + 1
    for (const { key, action, value } of changes)
      if (action !== 'keep') this.apply(key, action === 'put' ? value! : undefined, version)
    return version
  }

  watch(prefix: string, listener: (key: string) => void): () => void {
    const watcher = { prefix, listener }
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  /** Makes a change that is decided already (undefined deletes), and tells the watchers. */
  apply(key: string, value: Json | undefined, version = this.#version + 1): number {
    this.#version = version
    if (value === undefined) this.#values.delete(key)
    else this.#values.set(key, { key, value, version })
    for (const { prefix, listener } of [...this.#watchers]) if (key.startsWith(prefix)) listener(key)
    return version
  }
}
