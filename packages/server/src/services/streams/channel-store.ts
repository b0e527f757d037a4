import { arn, type Place } from '../../core/arn.ts'
import type { Catalog } from '../../storage/catalog.ts'
import { type Channel, decodeChannel, encodeChannel } from './channel.ts'
import { channelNotFound } from './faults.ts'

/** Where the catalog keeps the channels: while there is one, something may be to deliver. */
export const channelPrefix = 'channel/'

/** The channels in the catalog. Reading is immediate; a change is decided by the catalog. */
export class ChannelStore {
  readonly #catalog: Catalog
  readonly #place: Place

  constructor(catalog: Catalog, place: Place) {
    this.#catalog = catalog
    this.#place = place
  }

  /** In order of id. */
  all(): Channel[] {
    return this.#catalog.list(channelPrefix).map(({ value }) => decodeChannel(value))
  }

  ofStream({ id }: { readonly id: string }): Channel[] {
    return this.all().filter(({ stream }) => stream.id === id)
  }

  find(id: string): Channel | undefined {
    const held = this.#catalog.get(channelPrefix + id)
    return held && decodeChannel(held.value)
  }

  arnOf({ id }: Pick<Channel, 'id'>): string {
    return arn(this.#place, 'kinesis', `channel/${id}`)
  }

  /** @throws ResourceNotFoundException */
  byArn(channelArn: string): Channel {
    const channel = this.find(channelArn.slice(channelArn.lastIndexOf('/') + 1))
    if (!channel || this.arnOf(channel) !== channelArn) throw channelNotFound(channelArn, this.#place.accountId)
    return channel
  }

  async create(channel: Channel): Promise<void> {
    await this.#catalog.put(channelPrefix + channel.id, encodeChannel(channel), 0)
  }

  /**
   * `change` sees the newest value and returns the new one, or the same one for no change; what it throws ends the update.
   * It may run several times. @throws ResourceNotFoundException
   */
  async update(id: string, change: (channel: Channel) => Channel): Promise<Channel> {
    for (;;) {
      const held = this.#catalog.get(channelPrefix + id)
      if (!held) throw channelNotFound(this.arnOf({ id }), this.#place.accountId)
      const channel = decodeChannel(held.value)
      const next = change(channel)
      if (next === channel) return next
      if ((await this.#catalog.put(channelPrefix + id, encodeChannel(next), held.version)) !== undefined) return next
    }
  }

  /** All that wait for their time, in no order. */
  pending(): Channel[] {
    return this.all().filter(({ dueAtMs }) => dueAtMs !== undefined)
  }

  /** Does what a channel waited for: CREATING and UPDATING become ACTIVE, DELETING is gone. Safe to do again. */
  async complete({ id }: Channel, nowMs: number): Promise<void> {
    for (;;) {
      const held = this.#catalog.get(channelPrefix + id)
      if (!held) return
      const { dueAtMs, ...channel } = decodeChannel(held.value)
      if (dueAtMs === undefined || dueAtMs > nowMs) return
      if (channel.status === 'DELETING') {
        if (await this.#catalog.delete(channelPrefix + id, held.version)) return
        continue
      }
      const active: Channel = { ...channel, status: 'ACTIVE', activeAtMs: channel.activeAtMs ?? nowMs }
      if ((await this.#catalog.put(channelPrefix + id, encodeChannel(active), held.version)) !== undefined) return
    }
  }

  /** Tells after each change which channel it was. Returns how to stop. */
  watch(listener: (id: string) => void): () => void {
    return this.#catalog.watch(channelPrefix, (key) => listener(key.slice(channelPrefix.length)))
  }
}
