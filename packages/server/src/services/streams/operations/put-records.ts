import { dryRunSucceeded } from '../../../core/aws-error.ts'
import { operation } from '../../../core/operation.ts'
import { type RecordBatch, recordBatch } from '../../../core/record-batch.ts'
import { blob, boolean, optional, string, structure } from '../../../core/shapes.ts'
import type { StreamsContext } from '../context.ts'
import { hashKey, streamNameOf, streamReference, streamResource } from '../members.ts'
import { PutResults } from '../put-results.ts'
import { checkRecords, dataBytesMax, partitionKeyLengthMax, requestRecordsMax } from '../record-checks.ts'
import { writableStream, writeRecords } from '../record-writer.ts'
import { needsWithKey } from '../stream-key-needs.ts'
import { StreamMetrics } from '../stream-metrics.ts'

export const putRecords = operation({
  name: 'PutRecords',
  audit: { event: 'data', readOnly: true, resourceType: 'AWS::Kinesis::Stream' },
  input: structure({
    ...streamReference,
    Records: recordBatch(
      structure({
        Data: blob({ max: dataBytesMax }),
        PartitionKey: optional(string({ min: 1, max: partitionKeyLengthMax })),
        ExplicitHashKey: optional(hashKey),
      }),
      { countMax: requestRecordsMax, dataBytesMax, keyLengthMax: partitionKeyLengthMax },
    ),
    DryRun: optional(boolean()),
  }),
  resource: streamResource,
  needs: (input, context: StreamsContext) =>
    needsWithKey(context, 'PutRecords', streamResource(input, context), 'kms:GenerateDataKey'),
  async handle(context: StreamsContext, input, call) {
    const { Records } = input
    const stream = writableStream(context, streamNameOf(context, input))
    const metrics = new StreamMetrics(context, stream)
    checkRecords(stream, Records, (index) => `records.${index + 1}.member.`)
    if (input.DryRun) throw dryRunSucceeded('PutRecords')

    const results = new PutResults(Records.count)
    failOnPurpose(context, results)
    await writeRecords(context, stream, Records, results, metrics, call)
    const FailedRecordCount = count(Records, results, metrics)
    return stream.encryption
      ? { FailedRecordCount, Records: results, EncryptionType: 'KMS' }
      : { FailedRecordCount, Records: results }
  },
})

function failOnPurpose({ recordFaults }: StreamsContext, results: PutResults): void {
  if (!recordFaults) return
  for (let i = 0; i < results.count; i++) {
    const error = recordFaults.nextRecord('PutRecords')
    if (error) results.fail(i, error)
  }
}

/** Counts what succeeded and what failed: the call itself succeeds either way. Returns how many failed. */
function count(records: RecordBatch, results: PutResults, metrics: StreamMetrics): number {
  let failed = 0
  let throttled = 0
  let sizeBytes = 0
  for (let i = 0; i < records.count; i++) {
    const error = results.error(i)
    if (!error) sizeBytes += records.sizeBytes(i)
    else if (error.code === 'ProvisionedThroughputExceededException') throttled++
    else failed++
  }
  metrics.putRecords({ succeeded: records.count - failed - throttled, failed, throttled, sizeBytes })
  return failed + throttled
}
