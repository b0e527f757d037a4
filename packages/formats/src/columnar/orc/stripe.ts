import { streamKinds } from './column-stream.ts'
import type { ColumnWriter } from './column-writer.ts'
import { type Codec, StoredStream } from './compression.ts'
import { ProtobufMessage } from './protobuf.ts'
import type { ColumnStatistics } from './statistics.ts'

export type Stripe = {
  readonly parts: readonly Uint8Array[]
  readonly indexLength: number
  readonly dataLength: number
  readonly footerLength: number
  /** By the columns' ids. */
  readonly statistics: readonly ColumnStatistics[]
}

/**
 * Takes a stripe from the columns, whose row groups are ended:
 *
 *   indexes   by column: ROW_INDEX, BLOOM_FILTER_UTF8 if it has one
 *   data      by column: its streams
 *   footer    StripeFooter  streams 1, columns:ColumnEncoding 2, writerTimezone 3
 *               Stream  kind 1, column 2, length 3, in the order of the file
 */
export function finishStripe(columns: readonly ColumnWriter[], codec: Codec): Stripe {
  const finished = columns.map((column) => column.finishStripe(codec))
  const footer = new ProtobufMessage()
  const parts: Uint8Array[] = []
  const put = (column: number, kind: number, stored: StoredStream): number => {
    footer.message(1, new ProtobufMessage().uint(1, kind).uint(2, column).uint(3, stored.length))
    for (const part of stored.parts) parts.push(part)
    return stored.length
  }
  let indexLength = 0
  for (const [column, { rowIndex, bloomFilters }] of finished.entries()) {
    indexLength += put(column, streamKinds.rowIndex, new StoredStream(rowIndex, codec))
    if (bloomFilters) indexLength += put(column, streamKinds.bloomFilterUtf8, new StoredStream(bloomFilters, codec))
  }
  let dataLength = 0
  for (const [column, { streams }] of finished.entries()) {
    for (const { kind, stored } of streams) dataLength += put(column, kind, stored)
  }
  for (const { encoding } of finished) footer.message(2, encoding)
  const stored = new StoredStream(footer.string(3, 'UTC').written(), codec)
  return {
    parts: [...parts, ...stored.parts],
    indexLength,
    dataLength,
    footerLength: stored.length,
    statistics: finished.map(({ statistics }) => statistics),
  }
}
