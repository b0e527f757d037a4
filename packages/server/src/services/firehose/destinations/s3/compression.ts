import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { S3Settings } from '../../settings/settings.ts'

export type CompressionFormat = S3Settings['CompressionFormat']

/** What AWS puts behind a key when nothing else is asked for. */
const extensions: Record<CompressionFormat, string> = {
  UNCOMPRESSED: '',
  GZIP: '.gz',
  ZIP: '.zip',
  Snappy: '.snappy',
  HADOOP_SNAPPY: '.hsnappy',
}

export const extensionOf = (format: CompressionFormat) => extensions[format]

/** Those that there are; asking for another is refused when a delivery stream is made. */
export const isSupported = (format: CompressionFormat) => format === 'UNCOMPRESSED' || format === 'GZIP'

const gzipped = promisify(gzip)

/** Compresses an object, off the main thread. */
export async function compressed(bytes: Uint8Array, format: CompressionFormat): Promise<Uint8Array> {
  return format === 'GZIP' ? await gzipped(bytes) : bytes
}
