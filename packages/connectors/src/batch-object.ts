import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { type Batch, convertEach, type Refusal } from './pipeline.ts'

const compress = promisify(gzip)

/** How a batch becomes one object: a file in a folder, or an object in a bucket. */
export type ObjectOptions<Out> = {
  /**
   * The object's name. @default the shard, and the first and last sequence number: a batch that comes again is written over
   * itself
   */
  readonly key?: (batch: Batch<Out>) => string
  /** What stands before the default name. @default '' */
  readonly prefix?: string
  /** A value's bytes. @default text and bytes as they are, anything else as JSON */
  readonly encode?: (value: Out) => string | Uint8Array
  /** What stands behind each value. @default '\n' */
  readonly delimiter?: string
  /** @default none */
  readonly compression?: 'gzip'
}

export type BatchObject<Out> = {
  readonly key: string
  /** Undefined where nothing is left to write. */
  readonly body: Buffer | undefined
  /** Values that could not be encoded. */
  readonly refusals: readonly Refusal<Out>[]
}

export async function batchObject<Out>(batch: Batch<Out>, options: ObjectOptions<Out>): Promise<BatchObject<Out>> {
  const { encode = standardEncoding, delimiter = '\n', compression } = options
  const { made, refusals } = convertEach(batch.entries, ({ value }) => Buffer.from(encode(value)))
  const key = options.key?.(batch) ?? standardKey(batch, options)
  if (made.length === 0) return { key, body: undefined, refusals }
  const end = Buffer.from(delimiter)
  const body = Buffer.concat(made.flatMap(({ as }) => [as, end]))
  return { key, body: compression === 'gzip' ? await compress(body) : body, refusals }
}

function standardEncoding(value: unknown): string | Uint8Array {
  return typeof value === 'string' || value instanceof Uint8Array ? value : JSON.stringify(value)
}

function standardKey<Out>({ shardId, entries }: Batch<Out>, { prefix = '', compression }: ObjectOptions<Out>): string {
  const [first, last] = [entries[0]!.record, entries.at(-1)!.record]
  const place = ({ sequenceNumber, subSequenceNumber }: typeof first) => `${sequenceNumber}.${subSequenceNumber}`
  return `${prefix}${shardId}/${place(first)}-${place(last)}${compression === 'gzip' ? '.gz' : ''}`
}
