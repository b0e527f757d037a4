import type { Catalog } from '../../../storage/catalog.ts'
import type { Checkpoint } from '../sources/source.ts'

/** How far each delivery has come, in the catalog, by its id. One writer for each: the delivery. */
export class CheckpointStore {
  readonly #catalog: Catalog
  readonly #prefix: string

  constructor(catalog: Catalog, prefix = 'delivery-checkpoint/') {
    this.#catalog = catalog
    this.#prefix = prefix
  }

  get(id: string): Checkpoint {
    return (this.#catalog.get(this.#prefix + id)?.value as Checkpoint | undefined) ?? {}
  }

  async put(id: string, checkpoint: Checkpoint): Promise<void> {
    const version = this.#catalog.get(this.#prefix + id)?.version ?? 0
    await this.#catalog.put(this.#prefix + id, checkpoint, version)
  }

  async delete(id: string): Promise<void> {
    const held = this.#catalog.get(this.#prefix + id)
    if (held) await this.#catalog.delete(this.#prefix + id, held.version)
  }

  /** Forgets those of deliveries that are not there any more. */
  async keepOnly(ids: ReadonlySet<string>): Promise<void> {
    for (const { key } of this.#catalog.list(this.#prefix)) {
      const id = key.slice(this.#prefix.length)
      if (!ids.has(id)) await this.delete(id)
    }
  }
}
