import type { SubscribeToShardEvent } from './shard-push.ts'
import type { ShardPage } from './shard-reader.ts'

/** Bytes of records in the events that are remembered. */
const rememberedBytesMax = 4 * 1024 * 1024

/** What an event without any bytes counts as: thousands of shards are not remembered for nothing. */
const eventBytesMin = 1024

/** As old may `MillisBehindLatest` be that another consumer's event says. */
const behindMsSlack = 10

type Remembered = {
  readonly offset: number
  readonly page: ShardPage
  readonly event: SubscribeToShardEvent
}

/**
 * The newest event of each shard, so that consumers who keep up with it get the same object, which is rendered once for
 * all of them: ten consumers of a shard cost little more than one.
 */
export class SharedEvents {
  readonly #byLog = new Map<string, Remembered>()
  #sizeBytes = 0

  /** The event for a page that was read at an offset: somebody else's if it has the same records, or the one made now. */
  eventFor(logId: string, offset: number, page: ShardPage, make: () => SubscribeToShardEvent): SubscribeToShardEvent {
    if (page.records.count === 0) return make()
    const remembered = this.#byLog.get(logId)
    if (remembered && isSame(remembered, offset, page)) return remembered.event
    const event = make()
    this.#forget(logId)
    this.#byLog.set(logId, { offset, page, event })
    this.#sizeBytes += countedBytes(page)
    for (const oldest of this.#byLog.keys()) {
      if (this.#sizeBytes <= rememberedBytesMax) break
      this.#forget(oldest)
    }
    return event
  }

  #forget(logId: string): void {
    const remembered = this.#byLog.get(logId)
    if (!remembered) return
    this.#sizeBytes -= countedBytes(remembered.page)
    this.#byLog.delete(logId)
  }
}

const isSame = ({ offset, page }: Remembered, otherOffset: number, other: ShardPage): boolean =>
  offset === otherOffset &&
  page.nextOffset === other.nextOffset &&
  page.records.count === other.records.count &&
  page.isAtEnd === other.isAtEnd &&
  Math.abs(page.behindMs - other.behindMs) <= behindMsSlack

const countedBytes = ({ sizeBytes }: ShardPage): number => eventBytesMin + sizeBytes
