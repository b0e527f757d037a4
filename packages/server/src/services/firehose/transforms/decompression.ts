import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { Clock } from '@millrace/ports'
import { invalidArgument } from '../../../core/aws-error.ts'
import { type DeliveryRecord, derived, type FailedRecord } from '../delivery/delivery-record.ts'
import type { Transform, Transformed } from './transform.ts'
import type { TransformParts } from './transforms.ts'

const inflate = promisify(gunzip)

/** What a record may become. What becomes larger is a bomb, and goes to the error output. */
const decompressedBytesMax = 64 * 1024 * 1024

/** What is decompressed at once, of however many records; the next come when these are buffered. One may be larger. */
const portionBytesMax = 16 * 1024 * 1024

/** The processor Decompression: records are GZIP, one member or several. @throws InvalidArgumentException */
export function decompression({ context, parameters }: TransformParts): Transform {
  const { CompressionFormat = 'GZIP' } = parameters
  if (CompressionFormat !== 'GZIP') throw invalidArgument('CompressionFormat has to be GZIP')
  return new Decompression(context.clock)
}

class Decompression implements Transform {
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async transform(given: readonly DeliveryRecord[], signal: AbortSignal): Promise<Transformed> {
    const records: DeliveryRecord[] = []
    const failed: FailedRecord[] = []
    let done = 0
    for (let bytes = 0; done < given.length && bytes < portionBytesMax && !signal.aborted; done++) {
      const record = given[done]!
      try {
        const data = await inflate(record.data, { maxOutputLength: decompressedBytesMax })
        bytes += data.byteLength
        records.push(derived(record, data))
      } catch (error) {
        const reason =
          (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
            ? `the data is larger than ${decompressedBytesMax} bytes.`
            : 'input data is not in GZIP format.'
        failed.push(decompressionFailed(record, reason, this.#clock.nowMs()))
      }
    }
    return { records, failed, rest: given.slice(done) }
  }
}

/** AWS's code and error output for what cannot be decompressed, or is not what CloudWatch Logs sends [docs, source]. */
export const decompressionFailed = (record: DeliveryRecord, reason: string, nowMs: number): FailedRecord => ({
  record,
  errorOutputType: 'decompression-failed',
  errorCode: 'Decompression failed.',
  errorMessage: `Decompression failed because ${reason}`,
  attemptsMade: 1,
  attemptEndingMs: nowMs,
})
