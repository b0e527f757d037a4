import { gzipSync } from 'node:zlib'
import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import type { ColumnFile } from '../column-file.ts'
import type { Column, ColumnBatch } from '../column-type.ts'
import { schemaOf } from './parquet-schema.ts'
import { conversionOf, converted } from './parquet-values.ts'

export type ParquetOptions = {
  /** @default 'SNAPPY' */
  readonly compression?: 'SNAPPY' | 'GZIP' | 'UNCOMPRESSED' | undefined
  /** A page ends when its values have about so many bytes. @default 1 MiB */
  readonly pageSizeBytes?: number | undefined
  /** Whether a column may have a dictionary, where that halves it. @default true */
  readonly dictionaries?: boolean | undefined
  /** Compresses a block in Snappy's raw format. @default in JavaScript, which takes some five times as long */
  readonly snappy?: ((bytes: Uint8Array) => Uint8Array) | undefined
  /** What stands in the file as its author. @default 'Millrace' */
  readonly createdBy?: string | undefined
}

/**
 * A Parquet file: each batch is a row group. By hyparquet-writer, which writes data pages of version 2, and is done at once
 * where its bytes stay in memory.
 */
export class ParquetFile implements ColumnFile {
  readonly #bytes = new ByteWriter(64 * 1024)
  readonly #writer: ParquetWriter
  readonly #pageSize: number
  readonly #encoding: { readonly encoding?: 'PLAIN' }
  readonly #conversions

  constructor(schema: readonly Column[], options: ParquetOptions = {}) {
    const { compression = 'SNAPPY', pageSizeBytes = 1024 * 1024, createdBy = 'Millrace', snappy } = options
    this.#pageSize = pageSizeBytes
    this.#encoding = options.dictionaries === false ? { encoding: 'PLAIN' } : {}
    this.#conversions = schema.map(({ type }) => conversionOf(type))
    this.#writer = new ParquetWriter({
      writer: this.#bytes,
      schema: schemaOf(schema),
      codec: compression,
      compressors: { GZIP: (bytes) => gzipSync(bytes), ...(snappy && { SNAPPY: snappy }) },
      createdBy,
    })
  }

  add({ schema, rowCount, columns }: ColumnBatch): void {
    if (rowCount === 0) return
    const columnData = schema.map(({ name }, index) => {
      const convert = this.#conversions[index]
      const values = columns[index]!
      return { name, ...this.#encoding, data: convert ? values.map((value) => converted(value, convert)) : [...values] }
    })
    void this.#writer.write({ columnData, rowGroupSize: rowCount, pageSize: this.#pageSize })
  }

  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.getBytes().slice() as Uint8Array<ArrayBuffer>
    this.#bytes.index = 0 // `offset` goes on: where the next page lies in the file
    return taken
  }

  finish(): Uint8Array<ArrayBuffer> {
    void this.#writer.finish()
    return this.take()
  }
}
