import type { FormatVersion } from './integer-runs.ts'

/** What AWS's OrcSerDe takes, by its names. */
export type OrcOptions = {
  /** Bytes of a stripe before it is compressed, at about which the next begins. @default 64 MiB */
  readonly StripeSizeBytes?: number
  /** A block of HDFS, for the padding. @default 256 MiB */
  readonly BlockSizeBytes?: number
  /** Rows of an entry of the row index. @default 10000 */
  readonly RowIndexStride?: number
  /** Whether zeros are put before a stripe that would reach into another block, so that it begins there. @default false */
  readonly EnablePadding?: boolean
  /** How many zeros at most, as a share of a stripe's size. @default 0.05 */
  readonly PaddingTolerance?: number
  /** @default SNAPPY */
  readonly Compression?: 'NONE' | 'ZLIB' | 'SNAPPY'
  /** Names of columns; `a.b` is a field of a structure. One that is not there is passed over. @default none */
  readonly BloomFilterColumns?: readonly string[]
  /** @default 0.05 */
  readonly BloomFilterFalsePositiveProbability?: number
  /** How many different strings there may be for each that is not null in a dictionary: 0 for none. @default 0.8, Hive's */
  readonly DictionaryKeyThreshold?: number
  /** @default V0_12 */
  readonly FormatVersion?: FormatVersion
}

export const orcDefaults = {
  StripeSizeBytes: 64 * 1024 * 1024,
  BlockSizeBytes: 256 * 1024 * 1024,
  RowIndexStride: 10_000,
  EnablePadding: false,
  PaddingTolerance: 0.05,
  Compression: 'SNAPPY',
  BloomFilterColumns: [],
  BloomFilterFalsePositiveProbability: 0.05,
  DictionaryKeyThreshold: 0.8,
  FormatVersion: 'V0_12',
} as const satisfies Required<OrcOptions>
