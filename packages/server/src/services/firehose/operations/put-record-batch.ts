import { operation } from '../../../core/operation.ts'
import { type RecordBatch, recordBatch } from '../../../core/record-batch.ts'
import { structure } from '../../../core/shapes.ts'
import type { Batch } from '../../../storage/log.ts'
import { deliveryStreamResource } from '../access.ts'
import type { FirehoseContext } from '../context.ts'
import { batchTooLarge } from '../faults.ts'
import { needsToPut } from '../key-needs.ts'
import { batchBytesMax, batchRecordsMax, recordBytesMax } from '../limits.ts'
import { admitPut, firehoseRecord, writeRecords } from '../record-writer.ts'
import { deliveryStreamName } from '../settings/members.ts'

export const putRecordBatch = operation({
  name: 'PutRecordBatch',
  audit: { event: 'data', resourceType: 'AWS::KinesisFirehose::DeliveryStream' },
  input: structure({
    DeliveryStreamName: deliveryStreamName,
    // Read as a stream's puts are, without an object for each record.
    Records: recordBatch(firehoseRecord, { countMax: batchRecordsMax, dataBytesMax: recordBytesMax, keyLengthMax: 0 }),
  }),
  resource: deliveryStreamResource,
  needs: (input, context: FirehoseContext) => needsToPut(context, 'PutRecordBatch', input),
  async handle(context: FirehoseContext, input) {
    const stream = admitPut(context, input.DeliveryStreamName, input.Records.count)
    if (dataLength(input.Records) > batchBytesMax) throw batchTooLarge(batchBytesMax)
    const results = await writeRecords(context, stream, copied(input.Records), 'PutRecordBatch')
    return {
      FailedPutCount: results.refusedCount,
      Encrypted: stream.encryption?.dataKey !== undefined,
      RequestResponses: results,
    }
  },
})

function dataLength(records: RecordBatch): number {
  let sizeBytes = 0
  for (let i = 0; i < records.count; i++) sizeBytes += records.dataLength(i)
  return sizeBytes
}

/** The data as a log may keep it: the memory in which it lies is the request's. Neighbours are copied together. */
function copied(records: RecordBatch): Batch {
  const { count, dataBytes, places } = records
  const positions = new Uint32Array(count + 1)
  for (let i = 0; i < count; i++) positions[i + 1] = positions[i]! + records.dataLength(i)
  const bytes = Buffer.allocUnsafeSlow(positions[count]!)
  for (let first = 0, end = 1; first < count; first = end++) {
    while (end < count && places[4 * end + 2] === places[4 * end - 1]) end++
    bytes.set(dataBytes.subarray(places[4 * first + 2], places[4 * end - 1]), positions[first])
  }
  return { bytes, positions }
}
