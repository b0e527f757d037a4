import { blob, structure } from '../../core/shapes.ts'
import { batchOf, StorageBusy } from '../../storage/log.ts'
import type { FirehoseContext } from './context.ts'
import { type DeliveryStream, logIdOf, recordIdOf } from './delivery-stream.ts'
import { keyFault } from './encryption.ts'
import { backlogFull, deliveryStreamNotFound, notDirectPut, slowDown } from './faults.ts'
import { recordBytesMax } from './limits.ts'
import { count } from './metrics.ts'

/* Direct PUT: what is accepted is in the delivery stream's own log, on the disk, before anyone hears of it. */

export const firehoseRecord = structure({ Data: blob({ max: recordBytesMax }) })

/**
 * The delivery stream that may be put into now; one that is not ACTIVE is not there yet, or not any more.
 * @throws ResourceNotFound-, InvalidArgument-, ServiceUnavailableException
 */
export function admitPut(
  { deliveryStreams, metrics, place, rates }: FirehoseContext,
  name: string,
  recordCount: number,
): DeliveryStream {
  const stream = deliveryStreams.get(name)
  if (stream.status !== 'ACTIVE') throw deliveryStreamNotFound(name, place.accountId)
  if (stream.source.type !== 'DirectPut') throw notDirectPut(stream.source.type)
  if (!rates.takeRequest(name)) {
    count(metrics, name, 'ThrottledRecords', recordCount)
    throw slowDown()
  }
  return stream
}

/**
 * Resolves with a record id for each record that is durable, and undefined for each that came too fast.
 * @throws ServiceUnavailableException when too much waits to be delivered, or to be written; InvalidKMSResourceException
 */
export async function writeRecords(
  context: FirehoseContext,
  stream: DeliveryStream,
  records: readonly Uint8Array[],
  operation: 'PutRecord' | 'PutRecordBatch',
): Promise<(string | undefined)[]> {
  const { backlog, backlogBytesMax, metrics } = context
  const sizeBytes = records.reduce((sum, { byteLength }) => sum + byteLength, 0)
  if (!(await backlog.admit(records.length, sizeBytes))) {
    count(metrics, stream.name, 'ThrottledRecords', records.length)
    throw backlogFull(backlogBytesMax)
  }
  try {
    return await writeAdmitted(context, stream, records, operation)
  } finally {
    backlog.settle(records.length, sizeBytes)
  }
}

async function writeAdmitted(
  context: FirehoseContext,
  stream: DeliveryStream,
  records: readonly Uint8Array[],
  operation: 'PutRecord' | 'PutRecordBatch',
): Promise<(string | undefined)[]> {
  const { counts, keys, log, metrics, rates } = context
  const { name } = stream
  if (stream.encryption?.dataKey !== undefined)
    await keys?.allow(stream.encryption.dataKey)?.catch((error: unknown) => {
      throw keyFault(context, name, error)
    })
  const admitted = records.map(({ byteLength }) => rates.takeRecord(stream.name, byteLength))
  const taken = records.filter((_, index) => admitted[index])
  if (taken.length < records.length) count(metrics, name, 'ThrottledRecords', records.length - taken.length)
  if (taken.length === 0) return records.map(() => undefined)
  const sizeBytes = taken.reduce((sum, { byteLength }) => sum + byteLength, 0)
  const { firstOffset } = await log.append(logIdOf(stream), batchOf(taken)).catch((error: unknown) => {
    throw error instanceof StorageBusy ? slowDown() : keyFault(context, name, error)
  })
  const { put } = counts.of(logIdOf(stream))
  put.records += taken.length
  put.bytes += sizeBytes
  count(metrics, name, 'IncomingRecords', taken.length)
  count(metrics, name, 'IncomingBytes', sizeBytes)
  count(metrics, name, 'IncomingPutRequests', 1)
  count(metrics, name, `${operation}.Bytes`, sizeBytes)
  if (operation === 'PutRecordBatch') count(metrics, name, 'PutRecordBatch.Records', taken.length)
  let offset = firstOffset
  return admitted.map((isTaken) => (isTaken ? recordIdOf(stream, offset++) : undefined))
}
