import type { Catalog } from '../../../storage/catalog.ts'
import { mappingPrefix as prefix } from '../door.ts'
import { mappingNotFound } from '../faults.ts'
import { decodeMapping, encodeMapping, type Mapping } from './mapping.ts'

/** The event source mappings in the catalog. */
export class MappingStore {
  readonly #catalog: Catalog
  #lastInTurn: Promise<void> = Promise.resolve()

  constructor(catalog: Catalog) {
    this.#catalog = catalog
  }

  find(uuid: string): Mapping | undefined {
    const held = this.#catalog.get(prefix + uuid)
    return held && decodeMapping(held.value)
  }

  /** @throws ResourceNotFoundException */
  get(uuid: string): Mapping {
    const mapping = this.find(uuid)
    if (!mapping) throw mappingNotFound()
    return mapping
  }

  /** In order of UUID. */
  all(): Mapping[] {
    return this.#catalog.list(prefix).map(({ value }) => decodeMapping(value))
  }

  /**
   * Makes a mapping, when others that are being made are there: `check` sees all of them, and may throw. It holds within
   * this process.
   */
  create(mapping: Mapping, check: (others: readonly Mapping[]) => void): Promise<void> {
    const turn = this.#lastInTurn.then(async () => {
      check(this.all())
      await this.#catalog.put(prefix + mapping.uuid, encodeMapping(mapping), 0)
    })
    this.#lastInTurn = turn.catch(() => {})
    return turn
  }

  /**
   * Changes a mapping: `change` sees the newest value and returns the new one, or the same for no change; what it throws
   * ends the update. It may run several times. @throws ResourceNotFoundException
   */
  async update(uuid: string, change: (mapping: Mapping) => Mapping): Promise<Mapping> {
    for (;;) {
      const held = this.#catalog.get(prefix + uuid)
      if (!held) throw mappingNotFound()
      const mapping = decodeMapping(held.value)
      const next = change(mapping)
      if (next === mapping) return mapping
      if ((await this.#catalog.put(held.key, encodeMapping(next), held.version)) !== undefined) return next
    }
  }

  async remove(uuid: string): Promise<void> {
    for (;;) {
      const held = this.#catalog.get(prefix + uuid)
      if (!held || (await this.#catalog.delete(held.key, held.version))) return
    }
  }

  /** Tells after each change which mapping it was. Returns how to stop. */
  watch(listener: (uuid: string) => void): () => void {
    return this.#catalog.watch(prefix, (key) => listener(key.slice(prefix.length)))
  }
}
