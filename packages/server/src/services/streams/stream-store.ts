import type { Place } from '../../core/arn.ts'
import type { Catalog } from '../../storage/catalog.ts'
import { streamAlreadyExists, streamNotActive, streamNotFound } from './faults.ts'
import { decodeStream, encodeStream, type Stream } from './stream.ts'

const prefix = 'stream/'

type Held = { readonly stream: Stream; readonly version: number }

/**
 * The streams in the catalog, decoded once for each change. Reading is immediate. Changes are decided by the catalog:
 * `update` applies its function again until no one else was faster.
 */
export class StreamStore {
  readonly #catalog: Catalog
  readonly #place: Place
  readonly #held = new Map<string, Held>()
  readonly #listeners = new Set<(name: string) => void>()
  #lastInTurn: Promise<unknown> = Promise.resolve()

  constructor(catalog: Catalog, place: Place) {
    this.#catalog = catalog
    this.#place = place
    for (const { key } of catalog.list(prefix)) this.#load(key)
    catalog.watch(prefix, (key) => {
      this.#load(key)
      for (const listener of [...this.#listeners]) listener(key.slice(prefix.length))
    })
  }

  find(name: string): Stream | undefined {
    return this.#held.get(name)?.stream
  }

  /** @throws ResourceNotFoundException */
  get(name: string): Stream {
    const stream = this.find(name)
    if (!stream) throw streamNotFound(name, this.#place.accountId)
    return stream
  }

  /** For what needs a stream at rest. @throws ResourceNotFoundException, ResourceInUseException */
  active(name: string): Stream {
    const stream = this.get(name)
    if (stream.status !== 'ACTIVE') throw streamNotActive(stream, this.#place.accountId)
    return stream
  }

  /** In order of name. */
  all(): Stream[] {
    return this.#catalog.list(prefix).map(({ key }) => this.get(key.slice(prefix.length)))
  }

  /**
   * Runs `change`, a change that is allowed by what else there is (a count of streams, shards or consumers), when the one before
   * has ended: so that two at once cannot both pass a limit. It holds within this process.
   */
  inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#lastInTurn.then(change)
    this.#lastInTurn = turn.catch(() => {})
    return turn
  }

  /** @throws ResourceInUseException if the name is taken */
  async create(stream: Stream): Promise<void> {
    const version = await this.#catalog.put(prefix + stream.name, encodeStream(stream), 0)
    if (version === undefined) throw streamAlreadyExists(stream.name, this.#place.accountId)
  }

  /**
   * Changes a stream. `change` sees the newest value and returns the new one, or the same one for no change; what it
   * throws ends the update. It may run several times.
   */
  async update(name: string, change: (stream: Stream) => Stream): Promise<Stream> {
    for (;;) {
      const held = this.#held.get(name)
      if (!held) throw streamNotFound(name, this.#place.accountId)
      const next = change(held.stream)
      if (next === held.stream) return next
      if ((await this.#catalog.put(prefix + name, encodeStream(next), held.version)) !== undefined) return next
    }
  }

  /** Forgets a stream, if it is still the one with this id. */
  async remove({ name, id }: Stream): Promise<void> {
    for (;;) {
      const held = this.#held.get(name)
      if (held?.stream.id !== id) return
      if (await this.#catalog.delete(prefix + name, held.version)) return
    }
  }

  /** Tells after each change which stream it was (changed, made or gone). Returns how to stop. */
  watch(listener: (name: string) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #load(key: string): void {
    const name = key.slice(prefix.length)
    const value = this.#catalog.get(key)
    if (value) this.#held.set(name, { stream: decodeStream(value.value), version: value.version })
    else this.#held.delete(name)
  }
}
