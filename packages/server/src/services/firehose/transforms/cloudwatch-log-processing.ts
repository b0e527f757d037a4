import type { Clock } from '@millrace/ports'
import { invalidArgument } from '../../../core/aws-error.ts'
import { type DeliveryRecord, derived, type FailedRecord } from '../delivery/delivery-record.ts'
import { decompressionFailed } from './decompression.ts'
import type { Transform, Transformed } from './transform.ts'
import type { TransformParts } from './transforms.ts'

/**
 * The processor CloudWatchLogProcessing, behind Decompression: of what a subscription of CloudWatch Logs sends, only the
 * messages are left, each with a newline behind it. A record stays one record, as on AWS: RecordDeAggregation takes it apart.
 * @throws InvalidArgumentException
 */
export function cloudWatchLogProcessing({ context, parameters }: TransformParts): Transform {
  const extraction = parameters.DataMessageExtraction?.toLowerCase()
  if (extraction !== 'true' && extraction !== 'false')
    throw invalidArgument('Invalid parameter value for DataMessageExtraction. Allowed values are True and False.')
  return extraction === 'true' ? new MessageExtraction(context.clock) : asTheyAre
}

const asTheyAre: Transform = {
  transform: async (records) => ({ records, failed: [] }),
}

class MessageExtraction implements Transform {
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async transform(given: readonly DeliveryRecord[]): Promise<Transformed> {
    const records: DeliveryRecord[] = []
    const failed: FailedRecord[] = []
    for (const record of given) {
      const messages = messagesOf(record.data)
      if (messages === undefined)
        failed.push(decompressionFailed(record, 'input data does not conform to cloudwatch log.', this.#clock.nowMs()))
      else if (messages !== '') records.push(derived(record, Buffer.from(messages)))
    }
    return { records, failed }
  }
}

/** The messages of the log events; empty for CloudWatch Logs' test whether anybody is there, undefined for anything else. */
function messagesOf(data: Uint8Array): string | undefined {
  const payload = parsed(data)
  if (payload?.messageType === 'CONTROL_MESSAGE') return ''
  if (payload?.messageType !== 'DATA_MESSAGE' || !Array.isArray(payload.logEvents)) return undefined
  let messages = ''
  for (const event of payload.logEvents as { readonly message?: unknown }[]) {
    if (typeof event?.message !== 'string') return undefined
    messages += `${event.message}\n`
  }
  return messages
}

function parsed(data: Uint8Array): { readonly messageType?: unknown; readonly logEvents?: unknown } | null | undefined {
  try {
    return JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString())
  } catch {
    return undefined
  }
}
