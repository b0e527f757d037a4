import { type Codec, compressionBlockBytes, StoredStream } from './compression.ts'
import type { FormatVersion } from './integer-runs.ts'
import { ProtobufMessage } from './protobuf.ts'
import type { ColumnStatistics } from './statistics.ts'
import type { Stripe } from './stripe.ts'

export type StripeInformation = Stripe & { readonly offset: number; readonly rows: number }

export type FileContents = {
  readonly types: readonly ProtobufMessage[]
  readonly rows: number
  /** Bytes of the file before its tail. */
  readonly contentLength: number
  readonly stripes: readonly StripeInformation[]
  readonly statisticsOfStripes: readonly (readonly ColumnStatistics[])[]
  readonly statisticsOfFile: readonly ColumnStatistics[]
  readonly rowIndexStride: number
  readonly version: FormatVersion
  readonly codec: Codec
}

/**
 * Who wrote the file. Numbers are given out by the ORC project (0 Java, 1 C++, 2 Presto, 3 Go, 4 Trino, 5 cuDF), and none
 * to us: a number far from theirs says "another writer", where none at all would say Java, whose early faults readers
 * would then correct. Each writer's versions begin with 6; readers trust statistics of times in UTC from there on.
 */
const writer = 0x4d52
const writerVersion = 6
const softwareVersion = 'millrace'

/** Dates are counted as if the calendar of today had always been in use. */
const prolepticGregorian = 2

const versions = { V0_11: [0, 11], V0_12: [0, 12] } as const

/**
 * What is behind the stripes; all but the PostScript is compressed:
 *
 *   Metadata     stripeStats 1: StripeStatistics  colStats 1
 *   Footer       headerLength 1, contentLength 2, stripes 3, types 4, numberOfRows 6, statistics 7, rowIndexStride 8,
 *                writer 9, calendar 11, softwareVersion 12
 *                  StripeInformation  offset 1, indexLength 2, dataLength 3, footerLength 4, numberOfRows 5
 *   PostScript   footerLength 1, compression 2, compressionBlockSize 3, version:packed 4, metadataLength 5,
 *                writerVersion 6, magic 8000
 *   length:u8    of the PostScript
 */
export function fileTail(file: FileContents): readonly Uint8Array[] {
  const metadata = new ProtobufMessage()
  for (const ofStripe of file.statisticsOfStripes) {
    const statistics = new ProtobufMessage()
    for (const ofColumn of ofStripe) statistics.message(1, ofColumn.message())
    metadata.message(1, statistics)
  }
  const storedMetadata = new StoredStream(metadata.written(), file.codec)
  const storedFooter = new StoredStream(footerOf(file).written(), file.codec)
  const postScript = new ProtobufMessage()
    .uint(1, storedFooter.length)
    .uint(2, file.codec.kind)
    .uint(3, compressionBlockBytes)
    .packed(4, versions[file.version])
    .uint(5, storedMetadata.length)
    .uint(6, writerVersion)
    .string(8000, 'ORC')
    .written()
  return [...storedMetadata.parts, ...storedFooter.parts, postScript, Uint8Array.of(postScript.length)]
}

function footerOf(file: FileContents): ProtobufMessage {
  const footer = new ProtobufMessage().uint(1, 'ORC'.length).uint(2, file.contentLength)
  for (const { offset, indexLength, dataLength, footerLength, rows } of file.stripes) {
    const stripe = new ProtobufMessage().uint(1, offset).uint(2, indexLength).uint(3, dataLength)
    footer.message(3, stripe.uint(4, footerLength).uint(5, rows))
  }
  for (const type of file.types) footer.message(4, type)
  footer.uint(6, file.rows)
  for (const ofColumn of file.statisticsOfFile) footer.message(7, ofColumn.message())
  return footer.uint(8, file.rowIndexStride).uint(9, writer).uint(11, prolepticGregorian).string(12, softwareVersion)
}
