import type { Outbound } from '../../../core/ports/outbound.ts'
import type { Catalog } from '../../../storage/catalog.ts'
import type { RecordLog } from '../../../storage/log.ts'
import type { FirehoseParts } from '../context.ts'
import { FirehoseInMemory, type Kept } from './firehose-in-memory.ts'

/** Where a process ends: before or after what it does at one of the places where it touches the world. */
export type Death = { readonly place: number; readonly isAfter: boolean }

/** How long a bucket or an endpoint takes to say that it has something. */
const answerMs = 9000

/** What comes to a process that has ended: nothing. */
const nothing = new Promise<never>(() => {})

/** One life of a process: from its death on, nothing that it does has an effect, and nothing comes back to it. */
export class Life {
  /** What it did that touches the world, in order. */
  readonly places: string[] = []
  readonly #death: Death | undefined
  #isOver = false

  constructor(death?: Death) {
    this.#death = death
  }

  get isOver(): boolean {
    return this.#isOver
  }

  async at<T>(place: string, act: () => Promise<T>): Promise<T> {
    if (this.#isOver) return nothing
    const isHere = this.places.push(place) - 1 === this.#death?.place
    if (isHere && !this.#death!.isAfter) this.end()
    if (this.#isOver) return nothing
    try {
      const done = await act()
      if (isHere) this.end()
      return this.#isOver ? nothing : done
    } catch (error) {
      if (this.#isOver) return nothing
      throw error
    }
  }

  end(): void {
    this.#isOver = true
  }
}

/**
 * Firehose in a life that may end at each place where it touches the world: what it reads and trims of its log, what it
 * saves, its requests and its objects.
 *
 * @param more what it has beside this
 */
export function firehoseIn(life: Life, kept: Kept, outbound: Outbound, more: Partial<FirehoseParts> = {}) {
  const { catalog, log } = kept.storage
  const mortalCatalog: Catalog = {
    get: (key) => catalog.get(key),
    list: (prefix) => catalog.list(prefix),
    put: (...given) => catalog.put(...given),
    delete: (...given) => catalog.delete(...given),
    commit: (changes) => life.at('save', () => catalog.commit(changes)),
    watch: (prefix, listener) => catalog.watch(prefix, (key) => life.isOver || listener(key)),
  }
  const mortalLog: RecordLog = {
    create: (...given) => log.create(...given),
    delete: (...given) => log.delete(...given),
    configure: (...given) => log.configure(...given),
    append: (...given) => log.append(...given),
    find: (logId) => log.find(logId),
    appendRuns: (runs) => log.appendRuns(runs),
    close: (logId) => log.close(logId),
    read: (...given) => life.at('read', () => log.read(...given)),
    offsetAt: (...given) => log.offsetAt(...given),
    bounds: (logId) => log.bounds(logId),
    sizeBytes: (logId) => log.sizeBytes(logId),
    trim: (...given) => life.at('trim', () => log.trim(...given)),
  }
  const answered = async <T>(done: T) => {
    await kept.clock.sleep(answerMs)
    return done
  }
  const mortalOutbound: Outbound = {
    request: (request, signal) => life.at('request', () => outbound.request(request, signal).then(answered)),
    resolve: (...given) => outbound.resolve(...given),
    close() {},
  }
  const objects = {
    put: (bucket: string, key: string, parts: readonly Uint8Array[]) =>
      life.at('put', async () => {
        kept.objects.set(`${bucket}/${key}`, Buffer.concat(parts).toString())
        await answered(undefined)
      }),
  }
  return new FirehoseInMemory(mortalOutbound, kept, { catalog: mortalCatalog, log: mortalLog, objects, ...more })
}
