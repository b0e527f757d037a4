import { dryRunSucceeded } from '../../../core/aws-error.ts'
import { operation } from '../../../core/operation.ts'
import { RecordBatch } from '../../../core/record-batch.ts'
import { blob, boolean, optional, string, structure } from '../../../core/shapes.ts'
import type { StreamsContext } from '../context.ts'
import { hashKey, sequenceNumber, streamNameOf, streamReference, streamResource } from '../members.ts'
import { PutResults } from '../put-results.ts'
import { checkRecords, checkSequenceNumberForOrdering, dataBytesMax, partitionKeyLengthMax } from '../record-checks.ts'
import { writableStream, writeRecords } from '../record-writer.ts'
import { needsWithKey } from '../stream-key-needs.ts'
import { StreamMetrics } from '../stream-metrics.ts'

export const putRecord = operation({
  name: 'PutRecord',
  audit: { event: 'data', readOnly: true, resourceType: 'AWS::Kinesis::Stream' },
  input: structure({
    ...streamReference,
    Data: blob({ max: dataBytesMax }),
    PartitionKey: optional(string({ min: 1, max: partitionKeyLengthMax })),
    ExplicitHashKey: optional(hashKey),
    SequenceNumberForOrdering: optional(sequenceNumber),
    DryRun: optional(boolean()),
  }),
  resource: streamResource,
  needs: (input, context: StreamsContext) =>
    needsWithKey(context, 'PutRecord', streamResource(input, context), 'kms:GenerateDataKey'),
  async handle(context: StreamsContext, input, call) {
    const stream = writableStream(context, streamNameOf(context, input))
    const metrics = new StreamMetrics(context, stream)
    const record = RecordBatch.of([input])
    const sizeBytes = checkRecords(stream, record, () => '')
    // A number that storage gives is above all that it gave before, so the order that is asked for comes by itself.
    if (input.SequenceNumberForOrdering !== undefined)
      await checkSequenceNumberForOrdering(context, stream, input.SequenceNumberForOrdering)
    if (input.DryRun) throw dryRunSucceeded('PutRecord')

    const results = new PutResults(1)
    await writeRecords(context, stream, record, results, metrics, call)
    metrics.putRecord(results.hasErrors ? undefined : sizeBytes)
    return stream.encryption ? { ...results.only(), EncryptionType: 'KMS' } : results.only()
  },
})
