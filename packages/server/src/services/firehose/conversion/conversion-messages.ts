import type {
  Column,
  FaultyRecord,
  JsonSerDe,
  OrcOptions,
  ParquetOptions,
  RecordChunk,
} from '@millrace/formats/columnar'

/*
 * What a thread that converts is told and answers: one object after the other, each answer in the order of the questions.
 *
 *   open → opened    chunk → read, again and again    finish → finished    (or drop → dropped at any time)
 */

/** What an object is to be. */
export type OutputFormat =
  | { readonly kind: 'Parquet'; readonly options: Omit<ParquetOptions, 'snappy'> }
  | { readonly kind: 'ORC'; readonly options: OrcOptions }

export type ConversionQuestion =
  | {
      readonly kind: 'open'
      readonly schema: readonly Column[]
      readonly serDe: JsonSerDe
      readonly output: OutputFormat
    }
  | { readonly kind: 'chunk'; readonly chunk: RecordChunk }
  | { readonly kind: 'finish' }
  | { readonly kind: 'drop' }

type FileBytes = Uint8Array<ArrayBuffer>

export type ConversionAnswer =
  | { readonly kind: 'opened' | 'dropped' }
  /** Where rows were written: the next bytes of the file, which the thread does not keep. */
  | { readonly kind: 'read'; readonly faulty: readonly FaultyRecord[]; readonly bytes: FileBytes | undefined }
  /** The last bytes; undefined if there was no row. */
  | { readonly kind: 'finished'; readonly bytes: FileBytes | undefined }
  /** A defect of the writer. */
  | { readonly kind: 'failed'; readonly message: string }
