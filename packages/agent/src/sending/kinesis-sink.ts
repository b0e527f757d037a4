import { type KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis'
import { noneRefused, type Refused, type Sink, type SinkRecord } from './sink.ts'

/** A Kinesis stream, by its name or ARN. */
export function kinesisSink(client: KinesisClient, stream: string): Sink {
  const target = stream.startsWith('arn:') ? { StreamARN: stream } : { StreamName: stream }
  return {
    name: `KinesisStream:${stream}`,
    async put(records, signal): Promise<Refused> {
      const command = new PutRecordsCommand({ ...target, Records: records as SinkRecord[] })
      const answer = await client.send(command, { abortSignal: signal })
      return answer.FailedRecordCount === 0 ? noneRefused : refusedOf(records, answer.Records ?? [])
    },
  }
}

/** An answer that does not say of each record what became of it leaves all in doubt. */
export function refusedOf(
  records: readonly SinkRecord[],
  results: readonly { ErrorCode?: string | undefined; ErrorMessage?: string | undefined }[],
): Refused {
  if (results.length !== records.length)
    return { records, reason: `the answer has ${results.length} results for ${records.length} records` }
  const failed = results.findIndex(({ ErrorCode }) => ErrorCode !== undefined && ErrorCode !== '')
  if (failed === -1) return noneRefused
  const { ErrorCode, ErrorMessage } = results[failed]!
  return { records: records.filter((_, i) => results[i]!.ErrorCode), reason: `${ErrorCode}: ${ErrorMessage ?? ''}` }
}
