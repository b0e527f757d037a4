import { type EntryBlock, entryAt } from '../../../storage/log.ts'
import type { DeliveryRecord, SourceRecord } from './delivery-record.ts'
import type { Page } from './progress.ts'

/**
 * A record where it lies in a block of a log. Most are asked for nothing but their bytes, together with their neighbours'
 * (`dataOf`): the id and the view that each has are made when somebody asks for them. So it is nothing to copy by its
 * members, as transforms do: `onPage` gives them another.
 */
export class StoredRecord implements DeliveryRecord {
  readonly block: EntryBlock
  readonly index: number
  readonly #idOf: (offset: number) => string
  page!: Page

  constructor(block: EntryBlock, index: number, idOf: (offset: number) => string) {
    this.block = block
    this.index = index
    this.#idOf = idOf
  }

  get position(): number {
    return this.block.firstOffset + this.index
  }

  get recordId(): string {
    return this.#idOf(this.position)
  }

  get arrivalMs(): number {
    return this.block.timestampMs
  }

  get data(): Uint8Array {
    return entryAt(this.block, this.index)
  }

  get sizeBytes(): number {
    const { positions } = this.block
    return positions[this.index + 1]! - positions[this.index]!
  }
}

/** A source's record as it goes on, with its page. @param isCopied whether transforms copy its members into new ones */
export function onPage(record: SourceRecord, page: Page, isCopied: boolean): DeliveryRecord {
  if (!(record instanceof StoredRecord)) return { ...record, page }
  if (isCopied) {
    const { arrivalMs, data, position, recordId } = record
    return { position, recordId, arrivalMs, data, page }
  }
  record.page = page
  return record
}

export const dataLength = (record: SourceRecord) =>
  record instanceof StoredRecord ? record.sizeBytes : record.data.byteLength

/** The data of records from one on. That of neighbours in a block is one part. */
export function dataOf(records: readonly DeliveryRecord[], from = 0): Uint8Array[] {
  const parts: Uint8Array[] = []
  for (let first = from, end: number; first < records.length; first = end) {
    const record = records[first]!
    end = first + 1
    if (record instanceof StoredRecord) {
      const { block, index } = record
      while (isAt(records[end], block, index + end - first)) end++
      parts.push(block.bytes.subarray(block.positions[index], block.positions[index + end - first]))
    } else parts.push(record.data)
  }
  return parts
}

const isAt = (record: DeliveryRecord | undefined, block: EntryBlock, index: number) =>
  record instanceof StoredRecord && record.block === block && record.index === index
