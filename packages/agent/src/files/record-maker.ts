import type { Logger } from '@millrace/ports'
import { type Flow, recordBytesMaxOf } from '../config/flow-config.ts'
import type { Counts } from '../counts.ts'
import type { Converter } from '../processing/converter.ts'
import { lineText } from '../processing/line-text.ts'
import type { RecordMaker } from './batch-builder.ts'

/** Converts the records of a flow, and cuts those that are longer than its service takes. */
export function recordMaker(flow: Flow, convert: Converter | undefined, counts: Counts, logger: Logger): RecordMaker {
  const bytesMax = recordBytesMaxOf(flow)
  const { truncatedRecordTerminator: terminator, fileFooter } = flow
  let isFaultTold = false
  const cut = (data: Uint8Array): Uint8Array => {
    if (data.length <= bytesMax) return data
    counts.truncated++
    return Buffer.concat([data.subarray(0, bytesMax - terminator.length), terminator])
  }
  const converted = (record: Buffer): Uint8Array | undefined => {
    try {
      return convert!(record)
    } catch (error) {
      if (!isFaultTold)
        logger.log(
          'warn',
          `${flow.id}: records that cannot be converted are sent as they are: ${(error as Error).message}`,
        )
      isFaultTold = true
      return record
    }
  }
  return {
    make(record) {
      const data = convert ? converted(record) : record
      return data && cut(data)
    },
    isFooter: fileFooter ? (record) => fileFooter.matchWhole(lineText(record)) !== undefined : () => false,
  }
}
