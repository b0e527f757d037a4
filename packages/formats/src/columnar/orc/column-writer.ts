import type { ColumnValue } from '../column-type.ts'
import { BitRuns } from './bit-runs.ts'
import type { BloomFilter } from './bloom-filter.ts'
import { ColumnStream, type FinishedStream, streamKinds } from './column-stream.ts'
import type { Codec } from './compression.ts'
import { ProtobufMessage } from './protobuf.ts'
import type { ColumnStatistics } from './statistics.ts'
import type { StreamEncoder } from './stream-encoder.ts'

/** How a column is written: directly or by a dictionary, and with which runs. */
export const encodings = {
  V0_11: { direct: 0, dictionary: 1 },
  V0_12: { direct: 2, dictionary: 3 },
} as const

/** What a column writer has of its own. */
export type ColumnParts<Statistics extends ColumnStatistics> = {
  /** Makes empty statistics. */
  readonly statistics: () => Statistics
  /** Its encoding's number; 0 where there are no whole numbers in it. @default 0 */
  readonly encoding?: number
  readonly bloomFilter?: BloomFilter | undefined
}

/** A column's part of a stripe. */
export type ColumnOfStripe = {
  /** RowIndex: entry 1: positions:packed 1, statistics 2. */
  readonly rowIndex: Uint8Array
  readonly bloomFilters: Uint8Array | undefined
  readonly streams: readonly FinishedStream[]
  /** ColumnEncoding: kind 1, dictionarySize 2, bloomEncoding 3. */
  readonly encoding: ProtobufMessage
  readonly statistics: ColumnStatistics
}

/**
 * Writes the values of one column: which are null, by `PRESENT`, and by its subclass what the others are. Values come in
 * pieces that are each of one row group.
 */
export abstract class ColumnWriter<Statistics extends ColumnStatistics = ColumnStatistics> {
  /** Columns within this one, each with those within it. */
  readonly children: readonly ColumnWriter[]
  /** Of the row group being written. */
  protected statistics: Statistics
  protected readonly bloomFilter: BloomFilter | undefined
  protected encoding: number
  /** The streams that the row index leads into, in its order. */
  protected streams: ColumnStream[] = []
  #present = new ColumnStream(streamKinds.present, new BitRuns())
  #makeStatistics: () => Statistics
  #ofGroups: Statistics[] = []
  /** Values of the stripe until its first null: PRESENT begins with it. */
  #whole: number[] = [0]
  #hasNulls = false

  constructor(parts: ColumnParts<Statistics>, children: readonly ColumnWriter[] = []) {
    this.#makeStatistics = parts.statistics
    this.statistics = parts.statistics()
    this.encoding = parts.encoding ?? 0
    this.bloomFilter = parts.bloomFilter
    this.children = children
  }

  /** Writes values from `from` to before `to`, all of one row group. */
  write(values: readonly ColumnValue[], from: number, to: number): void {
    const nulls = this.#writePresent(values, from, to)
    this.statistics.count(to - from - nulls, nulls)
    if (nulls < to - from) this.writeValues(values, from, to)
  }

  endRowGroup(): void {
    this.#ofGroups.push(this.statistics)
    this.statistics = this.#makeStatistics()
    this.bloomFilter?.endRowGroup()
    if (this.#hasNulls) this.#present.beginRowGroup()
    else this.#whole.push(0)
    for (const stream of this.streams) stream.beginRowGroup()
    for (const child of this.children) child.endRowGroup()
  }

  /** Gives the stripe's part of this column, all its row groups being ended, and is empty again. */
  finishStripe(codec: Codec): ColumnOfStripe {
    const indexed = this.streams.map((stream) => stream.finish(codec))
    if (this.#hasNulls) indexed.unshift(this.#present.finish(codec))
    const streams = [...indexed, ...this.finishUnindexed(codec)]
    const rowIndex = new ProtobufMessage()
    const statistics = this.#makeStatistics()
    for (const [group, ofGroup] of this.#ofGroups.entries()) {
      const positions = indexed.flatMap((stream) => stream.positions[group]!)
      rowIndex.message(1, new ProtobufMessage().packed(1, positions).message(2, ofGroup.message()))
      statistics.merge(ofGroup)
    }
    statistics.bytesOnDisk = streams.reduce((bytes, { stored }) => bytes + stored.length, 0)
    const encoding = new ProtobufMessage().uint(1, this.encoding).uint(2, this.dictionarySize())
    const bloomFilters = this.bloomFilter?.takeIndex()
    if (bloomFilters) encoding.uint(3, 1)
    this.#ofGroups = []
    this.#whole = [0]
    this.#hasNulls = false
    for (const stream of this.streams) stream.beginRowGroup()
    return { rowIndex: rowIndex.written(), bloomFilters, streams, encoding, statistics }
  }

  /** About the bytes of the stripe so far, before compression. */
  bytes(): number {
    let bytes = 0
    for (const { encoder } of this.streams) bytes += encoder.out.length
    for (const child of this.children) bytes += child.bytes()
    return bytes
  }

  emptyStatistics(): Statistics {
    return this.#makeStatistics()
  }

  /** Adds a stream; the order of the calls is that of the row index. */
  protected stream<Encoder extends StreamEncoder>(kind: number, encoder: Encoder): Encoder {
    const stream = new ColumnStream(kind, encoder)
    stream.beginRowGroup()
    this.streams.push(stream)
    return encoder
  }

  /** Writes those from `from` to before `to` that are not null, and counts them in the statistics and the bloom filter. */
  protected abstract writeValues(values: readonly ColumnValue[], from: number, to: number): void

  /** Streams that are read whole. */
  protected finishUnindexed(_codec: Codec): readonly FinishedStream[] {
    return []
  }

  protected dictionarySize(): number | undefined {
    return undefined
  }

  /** Gives how many are null. As long as there was none in the stripe, it is only counted how many are not. */
  #writePresent(values: readonly ColumnValue[], from: number, to: number): number {
    let nulls = 0
    for (let i = from; i < to; i++) if (values[i] === null) nulls++
    if (nulls === 0 && !this.#hasNulls) {
      this.#whole[this.#whole.length - 1]! += to - from
      return 0
    }
    if (!this.#hasNulls) this.#beginPresent()
    const bits = this.#present.encoder
    for (let i = from; i < to; i++) bits.add(values[i] === null ? 0 : 1)
    return nulls
  }

  #beginPresent(): void {
    this.#hasNulls = true
    for (const count of this.#whole) {
      this.#present.beginRowGroup()
      for (let i = 0; i < count; i++) this.#present.encoder.add(1)
    }
  }
}
