import { arn, type Place } from '../../core/arn.ts'
import { AwsError, limitExceeded } from '../../core/aws-error.ts'
import type { Catalog, Json } from '../../storage/catalog.ts'
import type { Stream } from './stream.ts'

/** A registered consumer, as the catalog keeps it. */
export type Consumer = {
  readonly name: string
  readonly streamId: string
  readonly streamName: string
  readonly createdAtMs: number
  readonly status: 'CREATING' | 'ACTIVE' | 'DELETING'
  /** When CREATING or DELETING is over. */
  readonly dueAtMs?: number
  readonly tags: ReadonlyMap<string, string>
  /** The text that PutResourcePolicy brought. */
  readonly resourcePolicy?: string
}

/** Consumers of a stream that may be CREATING at once. */
const creatingMax = 5

const prefix = 'consumer/'
const prefixOf = ({ id }: Pick<Stream, 'id'>) => `${prefix}${id}/`
const keyOf = ({ streamId, name }: Pick<Consumer, 'streamId' | 'name'>) => `${prefix}${streamId}/${name}`

/** The registered consumers in the catalog, by stream. */
export class ConsumerStore {
  readonly #catalog: Catalog
  readonly #place: Place

  constructor(catalog: Catalog, place: Place) {
    this.#catalog = catalog
    this.#place = place
  }

  /** In order of name. */
  ofStream(stream: Pick<Stream, 'id'>): Consumer[] {
    return this.#catalog.list(prefixOf(stream)).map(({ value }) => decode(value))
  }

  find(stream: Pick<Stream, 'id'>, name: string): Consumer | undefined {
    const found = this.#catalog.get(prefixOf(stream) + name)
    return found && decode(found.value)
  }

  /** `<streamARN>/consumer/<name>:<second of its creation>` */
  arnOf({ streamName, name, createdAtMs }: Consumer): string {
    return arn(this.#place, 'kinesis', `stream/${streamName}/consumer/${name}:${Math.floor(createdAtMs / 1000)}`)
  }

  /** @throws ResourceInUseException if the name is taken, LimitExceededException */
  async register(stream: Stream, consumer: Consumer, countMax: number): Promise<void> {
    const others = this.ofStream(stream)
    if (others.some(({ name }) => name === consumer.name)) throw this.#taken(consumer)
    if (others.length >= countMax)
      throw limitExceeded(
        `This request would exceed the consumer limit of ${countMax} for stream ${stream.name} under account ` +
          `${this.#place.accountId}.`,
      )
    if (others.filter(({ status }) => status === 'CREATING').length >= creatingMax)
      throw limitExceeded(
        `Stream ${stream.name} under account ${this.#place.accountId} already has ${creatingMax} consumers in ` +
          'CREATING status.',
      )
    if ((await this.#catalog.put(keyOf(consumer), encode(consumer), 0)) === undefined) throw this.#taken(consumer)
  }

  /**
   * Changes a consumer, if it is still the same one: `change` sees the newest value and returns the new one, or the same
   * for no change. Undefined if it is gone.
   */
  async update(consumer: Consumer, change: (consumer: Consumer) => Consumer): Promise<Consumer | undefined> {
    for (;;) {
      const held = this.#catalog.get(keyOf(consumer))
      const current = held && decode(held.value)
      if (!held || !current || current.createdAtMs !== consumer.createdAtMs) return undefined
      const next = change(current)
      if (next === current) return next
      if ((await this.#catalog.put(keyOf(consumer), encode(next), held.version)) !== undefined) return next
    }
  }

  /** Adds tags. `check` sees how many there would be, and may throw. */
  tag(consumer: Consumer, tags: ReadonlyMap<string, string>, check?: (count: number) => void) {
    return this.update(consumer, (current) => {
      const merged = new Map([...current.tags, ...tags])
      check?.(merged.size)
      return { ...current, tags: merged }
    })
  }

  untag(consumer: Consumer, keys: Iterable<string>) {
    return this.update(consumer, (current) => {
      const left = new Map(current.tags)
      for (const key of keys) left.delete(key)
      return { ...current, tags: left }
    })
  }

  /** All that wait for their time (see `dueAtMs`), in no order. */
  pending(): Consumer[] {
    const consumers = this.#catalog.list(prefix).map(({ value }) => decode(value))
    return consumers.filter(({ dueAtMs }) => dueAtMs !== undefined)
  }

  /** Does what a consumer waited for: CREATING becomes ACTIVE, DELETING is gone. Safe to do again. */
  async complete(consumer: Consumer): Promise<void> {
    if (consumer.status === 'DELETING') return this.#remove(consumer)
    await this.update(consumer, (current) => {
      if (current.status !== 'CREATING') return current
      const { dueAtMs: _, ...rest } = current
      return { ...rest, status: 'ACTIVE' }
    })
  }

  /** Removes all consumers of a stream that is being deleted. */
  async removeAll(stream: Pick<Stream, 'id'>): Promise<void> {
    for (const consumer of this.ofStream(stream)) await this.#remove(consumer)
  }

  /** Tells after each change of any consumer. Returns how to stop. */
  watch(listener: () => void): () => void {
    return this.#catalog.watch(prefix, listener)
  }

  async #remove(consumer: Consumer): Promise<void> {
    for (;;) {
      const held = this.#catalog.get(keyOf(consumer))
      if (!held || decode(held.value).createdAtMs !== consumer.createdAtMs) return
      if (await this.#catalog.delete(keyOf(consumer), held.version)) return
    }
  }

  #taken({ name, streamName }: Consumer): AwsError {
    return new AwsError(
      'ResourceInUseException',
      `Consumer ${name} under stream ${streamName} already exists for account ${this.#place.accountId}.`,
    )
  }
}

const encode = ({ tags, ...consumer }: Consumer): Json => ({ ...consumer, tags: [...tags] })

function decode(value: Json): Consumer {
  const stored = value as unknown as Omit<Consumer, 'tags'> & { readonly tags: [string, string][] }
  return { ...stored, tags: new Map(stored.tags) }
}
