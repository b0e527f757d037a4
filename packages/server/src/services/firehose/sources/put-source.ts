import { entryCount, LogNotFound, type RecordLog } from '../../../storage/log.ts'
import type { FirehoseContext } from '../context.ts'
import type { SourceRecord } from '../delivery/delivery-record.ts'
import { StoredRecord } from '../delivery/stored-record.ts'
import { type DeliveryStream, logIdOf, recordIdOf } from '../delivery-stream.ts'
import { keyFault } from '../encryption.ts'
import type { Checkpoint, Source, SourcePage, Waiting } from './source.ts'

const lane = 'put'
const pageLimits = { bytesMax: 1024 * 1024, entriesMax: 10_000, waitMs: 60_000 }

type PutSourceParts = Pick<FirehoseContext, 'log' | 'metrics'>

/** What was put into the delivery stream itself, from its own log. */
export class PutSource implements Source {
  readonly #context: PutSourceParts
  readonly #log: RecordLog
  readonly #stream: DeliveryStream
  readonly #logId: string
  readonly #onGone: (recordCount: number) => void
  readonly #idOf = (offset: number) => recordIdOf(this.#stream, offset)

  /** @param onGone told of records that were not delivered, and are not there any more */
  constructor(context: PutSourceParts, stream: DeliveryStream, onGone: (recordCount: number) => void = () => {}) {
    this.#context = context
    this.#log = context.log
    this.#stream = stream
    this.#onGone = onGone
    this.#logId = logIdOf(stream)
  }

  async *pages(from: Checkpoint, signal: AbortSignal): AsyncIterable<SourcePage> {
    let offset = Number(from[lane] ?? 0)
    while (!signal.aborted) {
      const blocks = await this.#log
        .read(this.#logId, offset, pageLimits, signal)
        .catch(noneIfGone)
        .catch((error: unknown) => {
          throw keyFault(this.#context, this.#stream.name, error)
        })
      if (!blocks) return
      for (const block of blocks) {
        const records: SourceRecord[] = []
        if (block.firstOffset > offset) this.#onGone(block.firstOffset - offset)
        for (let i = 0; i < entryCount(block); i++) records.push(new StoredRecord(block, i, this.#idOf))
        offset = block.firstOffset + records.length
        yield { lane, next: `${offset}`, end: offset, records }
      }
    }
  }

  async passed(_lane: string, next: string | undefined): Promise<void> {
    await this.#log.trim(this.#logId, Number(next)).catch(noneIfGone)
  }

  async waiting(from: Checkpoint): Promise<Waiting> {
    const bounds = await this.#log.bounds(this.#logId).catch(noneIfGone)
    return { records: bounds && Math.max(0, bounds.end - Math.max(bounds.start, Number(from[lane] ?? 0))) }
  }
}

/** A delivery stream that is deleted in the middle has nothing more to give. */
function noneIfGone(error: unknown): undefined {
  if (!(error instanceof LogNotFound)) throw error
}
