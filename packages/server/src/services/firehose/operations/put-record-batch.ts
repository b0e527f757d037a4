import { operation } from '../../../core/operation.ts'
import { type RecordBatch, recordBatch } from '../../../core/record-batch.ts'
import { structure } from '../../../core/shapes.ts'
import { deliveryStreamResource } from '../access.ts'
import type { FirehoseContext } from '../context.ts'
import { batchTooLarge, slowDown } from '../faults.ts'
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
  async handle(context: FirehoseContext, input) {
    const stream = admitPut(context, input.DeliveryStreamName, input.Records.count)
    const records = dataOf(input.Records)
    if (records.reduce((sum, { byteLength }) => sum + byteLength, 0) > batchBytesMax) throw batchTooLarge(batchBytesMax)
    const recordIds = await writeRecords(context, stream, records, 'PutRecordBatch')
    const { code: ErrorCode, message: ErrorMessage } = slowDown()
    return {
      FailedPutCount: recordIds.filter((recordId) => recordId === undefined).length,
      Encrypted: stream.encryption?.dataKey !== undefined,
      RequestResponses: recordIds.map((RecordId) =>
        RecordId === undefined ? { ErrorCode, ErrorMessage } : { RecordId },
      ),
    }
  },
})

const dataOf = ({ count, dataBytes, places }: RecordBatch) =>
  Array.from({ length: count }, (_, i) => dataBytes.subarray(places[4 * i + 2]!, places[4 * i + 3]!))
