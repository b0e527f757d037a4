import type { Catalog } from '../../../storage/catalog.ts'
import type { Checkpoint } from '../sources/source.ts'

const prefix = 'delivery-checkpoint/'

/** How far each delivery stream has come, in the catalog, by its id. One writer for each: its delivery. */
export class CheckpointStore {
  readonly #catalog: Catalog

  constructor(catalog: Catalog) {
    this.#catalog = catalog
  }

  get(id: string): Checkpoint {
    return (this.#catalog.get(prefix + id)?.value as Checkpoint | undefined) ?? {}
  }

  async put(id: string, checkpoint: Checkpoint): Promise<void> {
    const version = this.#catalog.get(prefix + id)?.version ?? 0
    await this.#catalog.put(prefix + id, checkpoint, version)
  }

  async delete(id: string): Promise<void> {
    const held = this.#catalog.get(prefix + id)
    if (held) await this.#catalog.delete(prefix + id, held.version)
  }

  /** Forgets those of delivery streams that are not there any more. */
  async keepOnly(ids: ReadonlySet<string>): Promise<void> {
    for (const { key } of this.#catalog.list(prefix)) {
      const id = key.slice(prefix.length)
      if (!ids.has(id)) await this.delete(id)
    }
  }
}
