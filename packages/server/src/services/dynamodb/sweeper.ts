import { anySignal, type Clock, type Logger } from '@millrace/ports'
import { type AttributeValue, attributeOf, type Item } from './attribute-value.ts'
import type { ItemStore } from './item-store.ts'
import { isGone, type SecondaryIndex, type Table, withUsedAttributes } from './table.ts'
import type { Entry } from './table-items.ts'
import type { TableStore } from './table-store.ts'
import type { TransactionTokens } from './transaction-tokens.ts'

/** How often is looked for expired items. AWS promises "within a few days". */
const expiryIntervalMs = 10_000

/** However far away the next work is, the loop looks up at least this often: the wall clock may jump. */
const sleepMsMax = 60_000

/** Expired items that are removed at once: they share syncs. */
const removedAtOnce = 500

/** AWS leaves items alone that expired longer ago, for their attribute is probably no time at all. */
const expiredSecondsMax = 5 * 365 * 24 * 3600

type Parts = {
  readonly clock: Clock
  readonly logger: Logger
  readonly tables: TableStore
  readonly items: ItemStore
  readonly tokens: TransactionTokens
}

/**
 * Removes what is over: tables and indexes whose time of DELETING has ended, their items, and items past their time to
 * live. All of it can be done again after a crash at any point.
 */
export class Sweeper {
  readonly #parts: Parts
  readonly #stopping = new AbortController()
  #wake = new AbortController()
  #stopWatching = () => {}
  #loop: Promise<void> = Promise.resolve()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  start(): void {
    this.#stopWatching = this.#parts.tables.watch(() => this.#wake.abort())
    this.#loop = this.#run()
  }

  /** Resolves when what is being done is done. */
  async stop(): Promise<void> {
    this.#stopWatching()
    this.#stopping.abort()
    this.#wake.abort()
    await this.#loop
  }

  async #run(): Promise<void> {
    const { clock, logger, items } = this.#parts
    const { signal } = this.#stopping
    let hasOrphans = true // a process may have ended before it had removed all items of a table
    while (!signal.aborted) {
      this.#wake = new AbortController()
      try {
        if ((await this.#forgetTables()) || hasOrphans) await items.removeOrphans(signal)
        hasOrphans = false
        await this.#forgetIndexes()
        await this.#expireItems()
        await this.#parts.tokens.sweep()
      } catch (error) {
        hasOrphans = true
        logger.log('error', 'deleted tables or expired items could not be removed, and will be tried again', { error })
        await clock.sleep(1000, signal)
      }
      await clock.sleep(this.#sleepMs(), anySignal([signal, this.#wake.signal]))
    }
  }

  /** True if there was one. */
  async #forgetTables(): Promise<boolean> {
    const gone = this.#parts.tables.gone()
    for (const table of gone) await this.#parts.tables.forget(table)
    return gone.length > 0
  }

  async #forgetIndexes(): Promise<void> {
    const { clock, tables } = this.#parts
    for (const { name, indexes } of tables.all()) {
      if (!indexes.some((index) => isGone(index, clock.nowMs()))) continue
      const isThere = (index: SecondaryIndex) => !isGone(index, clock.nowMs())
      await tables.update(name, (table) => withUsedAttributes({ ...table, indexes: table.indexes.filter(isThere) }))
    }
  }

  async #expireItems(): Promise<void> {
    const { clock, tables, items } = this.#parts
    for (const table of tables.all()) {
      const { timeToLive } = table
      if (!timeToLive?.isEnabled || timeToLive.changedAtMs > clock.nowMs()) continue
      const isOver = (item: Item | undefined) =>
        item !== undefined && isExpired(attributeOf(item, timeToLive.attribute), clock.nowMs())
      const expired = [...items.entries(table).ascending(everything)].filter(({ item }) => isOver(item))
      for (let at = 0; at < expired.length && !this.#stopping.signal.aborted; at += removedAtOnce)
        await Promise.all(
          expired
            .slice(at, at + removedAtOnce)
            .map((entry) => items.change(table, entry, (newest) => (isOver(newest) ? undefined : newest))),
        )
    }
  }

  #sleepMs(): number {
    const { clock, tables } = this.#parts
    const nowMs = clock.nowMs()
    const dueMs = (table: Table) => [
      table.goneAtMs ?? Number.POSITIVE_INFINITY,
      ...table.indexes.map(({ goneAtMs = Number.POSITIVE_INFINITY }) => goneAtMs),
      table.timeToLive?.isEnabled
        ? Math.max(table.timeToLive.changedAtMs, nowMs + expiryIntervalMs)
        : Number.POSITIVE_INFINITY,
    ]
    return Math.min(
      ...tables
        .all()
        .flatMap(dueMs)
        .map((atMs) => Math.max(0, atMs - nowMs)),
      sleepMsMax,
    )
  }
}

const everything = (_: Entry) => 0

function isExpired(value: AttributeValue | undefined, nowMs: number): boolean {
  if (value?.N === undefined) return false
  const seconds = Number(value.N)
  const nowSeconds = nowMs / 1000
  return seconds <= nowSeconds && seconds > nowSeconds - expiredSecondsMax
}
