import { operation } from '../../../core/operation.ts'
import { list, structure } from '../../../core/shapes.ts'
import type { FirehoseContext } from '../context.ts'
import { batchTooLarge, slowDown } from '../faults.ts'
import { batchBytesMax, batchRecordsMax } from '../limits.ts'
import { admitPut, firehoseRecord, writeRecords } from '../record-writer.ts'
import { deliveryStreamName } from '../settings/members.ts'

export const putRecordBatch = operation({
  name: 'PutRecordBatch',
  input: structure({
    DeliveryStreamName: deliveryStreamName,
    Records: list(firehoseRecord, { min: 1, max: batchRecordsMax }),
  }),
  resource: (input) => `deliverystream/${input.DeliveryStreamName}`,
  async handle(context: FirehoseContext, input) {
    const stream = admitPut(context, input.DeliveryStreamName, input.Records.length)
    const records = input.Records.map(({ Data }) => Data)
    if (records.reduce((sum, { byteLength }) => sum + byteLength, 0) > batchBytesMax) throw batchTooLarge(batchBytesMax)
    const recordIds = await writeRecords(context, stream, records, 'PutRecordBatch')
    const { code: ErrorCode, message: ErrorMessage } = slowDown()
    return {
      FailedPutCount: recordIds.filter((recordId) => recordId === undefined).length,
      Encrypted: false,
      RequestResponses: recordIds.map((RecordId) =>
        RecordId === undefined ? { ErrorCode, ErrorMessage } : { RecordId },
      ),
    }
  },
})
