import type { Place } from '../../core/arn.ts'
import type { Catalog, Json } from '../../storage/catalog.ts'
import type { DeliveryStream } from './delivery-stream.ts'
import { deliveryStreamPrefix as prefix } from './door.ts'
import { deliveryStreamBusy, deliveryStreamExists, deliveryStreamNotFound } from './faults.ts'

/** The delivery streams in the catalog. Reading is immediate; a change is decided by the catalog. */
export class DeliveryStreamStore {
  readonly #catalog: Catalog
  readonly #place: Place

  constructor(catalog: Catalog, place: Place) {
    this.#catalog = catalog
    this.#place = place
  }

  find(name: string): DeliveryStream | undefined {
    return this.#catalog.get(prefix + name)?.value as DeliveryStream | undefined
  }

  /** @throws ResourceNotFoundException */
  get(name: string): DeliveryStream {
    const found = this.find(name)
    if (!found) throw deliveryStreamNotFound(name, this.#place.accountId)
    return found
  }

  /** For what needs a delivery stream at rest. @throws ResourceNotFoundException, ResourceInUseException */
  active(name: string): DeliveryStream {
    const found = this.get(name)
    if (found.status !== 'ACTIVE') throw deliveryStreamBusy(name, this.#place.accountId, found.status)
    return found
  }

  /** In order of name. */
  all(): DeliveryStream[] {
    return this.#catalog.list(prefix).map(({ value }) => value as unknown as DeliveryStream)
  }

  /** @throws ResourceInUseException if the name is taken */
  async create(stream: DeliveryStream): Promise<void> {
    const version = await this.#catalog.put(prefix + stream.name, jsonOf(stream), 0)
    if (version === undefined) throw deliveryStreamExists(stream.name, this.#place.accountId)
  }

  /**
   * `change` sees the newest value and returns the new one, or the same one for no change; what it throws ends the
   * update. It may run several times. @throws ResourceNotFoundException
   */
  async update(name: string, change: (stream: DeliveryStream) => DeliveryStream): Promise<DeliveryStream> {
    for (;;) {
      const held = this.#catalog.get(prefix + name)
      if (!held) throw deliveryStreamNotFound(name, this.#place.accountId)
      const stream = held.value as unknown as DeliveryStream
      const next = change(stream)
      if (next === stream) return next
      if ((await this.#catalog.put(prefix + name, jsonOf(next), held.version)) !== undefined) return next
    }
  }

  /** Forgets a delivery stream, if it is still the one that was made then. */
  async remove({ name, createdMs }: DeliveryStream): Promise<void> {
    for (;;) {
      const held = this.#catalog.get(prefix + name)
      if (!held || (held.value as unknown as DeliveryStream).createdMs !== createdMs) return
      if (await this.#catalog.delete(prefix + name, held.version)) return
    }
  }

  /** Tells after each change which delivery stream it was. Returns how to stop. */
  watch(listener: (name: string) => void): () => void {
    return this.#catalog.watch(prefix, (key) => listener(key.slice(prefix.length)))
  }
}

/** Members that were left out are not there in JSON, either; maps are plain objects there. */
const jsonOf = (stream: DeliveryStream) =>
  JSON.parse(
    JSON.stringify(stream, (_, value: unknown) => (value instanceof Map ? Object.fromEntries(value) : value)),
  ) as Json
