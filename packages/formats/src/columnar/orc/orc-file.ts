import assert from 'node:assert/strict'
import type { ColumnFile } from '../column-file.ts'
import type { Column, ColumnBatch } from '../column-type.ts'
import { type ColumnTree, columnTree } from './column-tree.ts'
import { type Codec, type Compressor, snappyBy, uncompressed, zlib } from './compression.ts'
import { fileTail, type StripeInformation } from './file-tail.ts'
import { type OrcOptions, orcDefaults } from './orc-options.ts'
import type { ColumnStatistics } from './statistics.ts'
import { finishStripe } from './stripe.ts'

/**
 * Writes an ORC file: rows in, bytes out, all in memory and without waiting, for a thread of its own.
 *
 *   file     "ORC"  stripe ...  metadata  footer  PostScript  its length:u8
 *   stripe   indexes of all columns  data of all columns  footer
 *
 * @see https://orc.apache.org/specification/ORCv1/
 */
export class OrcFile implements ColumnFile {
  #options: Required<OrcOptions>
  #codec: Codec
  #tree: ColumnTree
  #parts: Uint8Array[] = [Buffer.from('ORC')]
  #length = 3
  #rowsOfGroup = 0
  #rowsOfStripe = 0
  #rows = 0
  #stripes: StripeInformation[] = []
  #ofStripes: (readonly ColumnStatistics[])[] = []

  /** @param snappy compresses; needed where `Compression` is SNAPPY, as it is unless another is named */
  constructor(schema: readonly Column[], options: OrcOptions = {}, snappy?: Compressor) {
    this.#options = { ...orcDefaults, ...options }
    this.#codec = codecOf(this.#options.Compression, snappy)
    this.#tree = columnTree(schema, this.#options)
  }

  /** Bytes of the file so far, and about those that wait for their stripe's end. */
  get bytes(): number {
    return this.#length + this.#tree.root.bytes()
  }

  /** Adds rows, of which nothing is kept but what is written of them. */
  add(batch: ColumnBatch): void {
    const { RowIndexStride, StripeSizeBytes } = this.#options
    for (let from = 0; from < batch.rowCount; ) {
      const to = Math.min(batch.rowCount, from + RowIndexStride - this.#rowsOfGroup)
      this.#tree.root.writeRows(batch.columns, from, to)
      this.#rowsOfGroup += to - from
      from = to
      if (this.#rowsOfGroup < RowIndexStride) continue
      this.#endRowGroup()
      if (this.#tree.root.bytes() >= StripeSizeBytes) this.#endStripe()
    }
  }

  take(): Uint8Array<ArrayBuffer> {
    const parts = this.#parts.splice(0)
    const taken = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
    let at = 0
    for (const part of parts) {
      taken.set(part, at)
      at += part.length
    }
    return taken
  }

  finish(): Uint8Array<ArrayBuffer> {
    if (this.#rowsOfGroup > 0) this.#endRowGroup()
    if (this.#rowsOfStripe > 0) this.#endStripe()
    const { columns, types } = this.#tree
    const ofFile = columns.map((column, id) => {
      const statistics = column.emptyStatistics()
      for (const ofStripe of this.#ofStripes) statistics.merge(ofStripe[id]!)
      return statistics
    })
    this.#put(
      fileTail({
        types,
        rows: this.#rows,
        contentLength: this.#length,
        stripes: this.#stripes,
        statisticsOfStripes: this.#ofStripes,
        statisticsOfFile: ofFile,
        rowIndexStride: this.#options.RowIndexStride,
        version: this.#options.FormatVersion,
        codec: this.#codec,
      }),
    )
    return this.take()
  }

  #endRowGroup(): void {
    this.#tree.root.endRowGroup()
    this.#rowsOfStripe += this.#rowsOfGroup
    this.#rowsOfGroup = 0
  }

  #endStripe(): void {
    const stripe = finishStripe(this.#tree.columns, this.#codec)
    const length = stripe.indexLength + stripe.dataLength + stripe.footerLength
    this.#pad(length)
    this.#stripes.push({ ...stripe, offset: this.#length, rows: this.#rowsOfStripe })
    this.#ofStripes.push(stripe.statistics)
    this.#put(stripe.parts)
    this.#rows += this.#rowsOfStripe
    this.#rowsOfStripe = 0
  }

  /** Zeros, so that a stripe which would reach into another block begins there; unless they were too many. */
  #pad(stripeLength: number): void {
    const { EnablePadding, BlockSizeBytes, PaddingTolerance, StripeSizeBytes } = this.#options
    const inBlock = this.#length % BlockSizeBytes
    const padding = BlockSizeBytes - inBlock
    if (!EnablePadding || inBlock + stripeLength <= BlockSizeBytes) return
    if (padding <= PaddingTolerance * StripeSizeBytes) this.#put([new Uint8Array(padding)])
  }

  #put(parts: readonly Uint8Array[]): void {
    for (const part of parts) {
      this.#parts.push(part)
      this.#length += part.length
    }
  }
}

/** A whole file of batches that all have this schema. @see OrcFile */
export function writeOrc(
  schema: readonly Column[],
  batches: Iterable<ColumnBatch>,
  options: OrcOptions = {},
  snappy?: Compressor,
): Uint8Array<ArrayBuffer> {
  const file = new OrcFile(schema, options, snappy)
  for (const batch of batches) file.add(batch)
  return file.finish()
}

function codecOf(compression: Required<OrcOptions>['Compression'], snappy: Compressor | undefined): Codec {
  if (compression === 'NONE') return uncompressed
  if (compression === 'ZLIB') return zlib
  assert(snappy, 'Snappy needs its compressor')
  return snappyBy(snappy)
}
