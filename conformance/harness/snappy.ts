import { compressSync } from 'snappy'

/** Snappy's raw format, as files of columns have it. */
export const snappy = (bytes: Uint8Array): Uint8Array => compressSync(bytes)
