import { blob, structure } from '../../core/shapes.ts'
import { type Batch, batchOf, entryAt, entryCount, StorageBusy } from '../../storage/log.ts'
import type { FirehoseContext } from './context.ts'
import { type DeliveryStream, logIdOf } from './delivery-stream.ts'
import { keyFault } from './encryption.ts'
import { backlogFull, deliveryStreamNotFound, notDirectPut, slowDown } from './faults.ts'
import { recordBytesMax } from './limits.ts'
import { count } from './metrics.ts'
import { PutResults } from './put-results.ts'

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
 * Resolves once the records are durable, with what became of each: some may have come too fast. The log keeps the batch.
 * They wait while the deliveries have more to compress than they get done, so that nothing grows old on the way.
 * @throws ServiceUnavailableException when too much waits to be delivered, or to be written; InvalidKMSResourceException
 */
export async function writeRecords(
  context: FirehoseContext,
  stream: DeliveryStream,
  records: Batch,
  operation: 'PutRecord' | 'PutRecordBatch',
): Promise<PutResults> {
  const { backlog, backlogBytesMax, compressions, metrics } = context
  const recordCount = entryCount(records)
  const sizeBytes = records.bytes.byteLength
  await compressions.room(sizeBytes)
  if (!(await backlog.admit(recordCount, sizeBytes))) {
    count(metrics, stream.name, 'ThrottledRecords', recordCount)
    throw backlogFull(backlogBytesMax)
  }
  try {
    return await writeAdmitted(context, stream, records, operation)
  } finally {
    backlog.settle(recordCount, sizeBytes)
  }
}

async function writeAdmitted(
  context: FirehoseContext,
  stream: DeliveryStream,
  records: Batch,
  operation: 'PutRecord' | 'PutRecordBatch',
): Promise<PutResults> {
  const { counts, keys, log, metrics, rates } = context
  const { name } = stream
  if (stream.encryption?.dataKey !== undefined)
    await keys?.allow(stream.encryption.dataKey)?.catch((error: unknown) => {
      throw keyFault(context, name, error)
    })
  const recordCount = entryCount(records)
  const isRefused = rates.refused(name, records)
  const taken = isRefused ? batchOf(entriesOf(records).filter((_, i) => !isRefused[i])) : records
  const takenCount = entryCount(taken)
  if (takenCount < recordCount) count(metrics, name, 'ThrottledRecords', recordCount - takenCount)
  if (takenCount === 0) return new PutResults(stream, recordCount, 0, isRefused)
  const { firstOffset } = await log.append(logIdOf(stream), taken).catch((error: unknown) => {
    throw error instanceof StorageBusy ? slowDown() : keyFault(context, name, error)
  })
  const sizeBytes = taken.bytes.byteLength
  const { put } = counts.of(logIdOf(stream))
  put.records += takenCount
  put.bytes += sizeBytes
  count(metrics, name, 'IncomingRecords', takenCount)
  count(metrics, name, 'IncomingBytes', sizeBytes)
  count(metrics, name, 'IncomingPutRequests', 1)
  count(metrics, name, `${operation}.Bytes`, sizeBytes)
  if (operation === 'PutRecordBatch') count(metrics, name, 'PutRecordBatch.Records', takenCount)
  return new PutResults(stream, recordCount, firstOffset, isRefused)
}

const entriesOf = (batch: Batch) => Array.from({ length: entryCount(batch) }, (_, i) => entryAt(batch, i))
