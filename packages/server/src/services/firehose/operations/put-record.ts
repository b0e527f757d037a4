import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import { batchOf } from '../../../storage/log.ts'
import { deliveryStreamResource } from '../access.ts'
import type { FirehoseContext } from '../context.ts'
import { needsToPut } from '../key-needs.ts'
import { admitPut, firehoseRecord, writeRecords } from '../record-writer.ts'
import { deliveryStreamName } from '../settings/members.ts'

export const putRecord = operation({
  name: 'PutRecord',
  audit: { event: 'data', resourceType: 'AWS::KinesisFirehose::DeliveryStream' },
  input: structure({ DeliveryStreamName: deliveryStreamName, Record: firehoseRecord }),
  resource: deliveryStreamResource,
  needs: (input, context: FirehoseContext) => needsToPut(context, 'PutRecord', input),
  async handle(context: FirehoseContext, input) {
    const stream = admitPut(context, input.DeliveryStreamName, 1)
    const results = await writeRecords(context, stream, batchOf([input.Record.Data]), 'PutRecord')
    return { RecordId: results.only(), Encrypted: stream.encryption?.dataKey !== undefined }
  },
})
