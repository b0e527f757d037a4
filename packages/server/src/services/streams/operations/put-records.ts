import { AwsError, dryRunSucceeded } from '../../../core/aws-error.ts'
import { operation } from '../../../core/operation.ts'
import { type RecordBatch, recordBatch } from '../../../core/record-batch.ts'
import { blob, boolean, optional, string, structure } from '../../../core/shapes.ts'
import type { StreamsContext } from '../context.ts'
import { hashKey, streamNameOf, streamReference, streamResource } from '../members.ts'
import { checkRecords, dataBytesMax, partitionKeyLengthMax, requestRecordsMax } from '../record-checks.ts'
import { type Written, writableStream, writeRecords } from '../record-writer.ts'
import { StreamMetrics } from '../stream-metrics.ts'

export const putRecords = operation({
  name: 'PutRecords',
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
  async handle(context: StreamsContext, input, call) {
    const { Records } = input
    const stream = writableStream(context, streamNameOf(context, input))
    const metrics = new StreamMetrics(context, stream)
    checkRecords(stream, Records, (index) => `records.${index + 1}.member.`)
    if (input.DryRun) throw dryRunSucceeded('PutRecords')

    const fates = await writeRecords(context, stream, Records, metrics, call, faultsOnPurpose(context, Records))
    return answer(Records, fates, metrics)
  },
})

function faultsOnPurpose({ recordFaults }: StreamsContext, { count }: RecordBatch): (Written | undefined)[] {
  const fates = new Array<Written | undefined>(count)
  if (recordFaults) for (let i = 0; i < fates.length; i++) fates[i] = recordFaults.nextRecord('PutRecords')
  return fates
}

/** What succeeded and what failed, in the order of the request: the call itself succeeds either way. */
function answer(records: RecordBatch, fates: readonly Written[], metrics: StreamMetrics) {
  let failed = 0
  let throttled = 0
  let sizeBytes = 0
  const results = new Array<unknown>(fates.length)
  for (let i = 0; i < fates.length; i++) {
    const fate = fates[i]!
    if (!(fate instanceof AwsError)) {
      results[i] = fate
      sizeBytes += records.sizeBytes(i)
      continue
    }
    if (fate.code === 'ProvisionedThroughputExceededException') throttled++
    else failed++
    results[i] = { ErrorCode: fate.code, ErrorMessage: fate.message }
  }
  metrics.putRecords({ succeeded: fates.length - failed - throttled, failed, throttled, sizeBytes })
  return { FailedRecordCount: failed + throttled, Records: results }
}
