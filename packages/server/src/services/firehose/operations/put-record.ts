import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import { deliveryStreamResource } from '../access.ts'
import type { FirehoseContext } from '../context.ts'
import { slowDown } from '../faults.ts'
import { admitPut, firehoseRecord, writeRecords } from '../record-writer.ts'
import { deliveryStreamName } from '../settings/members.ts'

export const putRecord = operation({
  name: 'PutRecord',
  audit: { event: 'data', resourceType: 'AWS::KinesisFirehose::DeliveryStream' },
  input: structure({ DeliveryStreamName: deliveryStreamName, Record: firehoseRecord }),
  resource: deliveryStreamResource,
  async handle(context: FirehoseContext, input) {
    const stream = admitPut(context, input.DeliveryStreamName, 1)
    const [recordId] = await writeRecords(context, stream, [input.Record.Data], 'PutRecord')
    if (recordId === undefined) throw slowDown()
    return { RecordId: recordId, Encrypted: stream.encryption?.dataKey !== undefined }
  },
})
