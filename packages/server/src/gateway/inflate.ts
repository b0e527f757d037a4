import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { serializationError } from '../core/shapes.ts'
import { BodyTooLarge } from './body.ts'

/** A compressed body may become this long, in bytes; AWS takes 1 MB of metrics in a request. */
export const inflatedBytesMax = 2 * 1024 * 1024

const gunzipped = promisify(gunzip)

/** A body as it was before a client compressed it. @throws BodyTooLarge above the bound, SerializationException if it is none */
export async function inflate(body: Buffer): Promise<Buffer> {
  try {
    return await gunzipped(body, { maxOutputLength: inflatedBytesMax })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw new BodyTooLarge()
    throw serializationError('The request body is no gzip, as its Content-Encoding says that it is')
  }
}
