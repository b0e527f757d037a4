import { type FirehoseClient, PutRecordBatchCommand } from '@aws-sdk/client-firehose'
import { refusedOf } from './kinesis-sink.ts'
import { noneRefused, type Refused, type Sink, type SinkRecord } from './sink.ts'

/** A Firehose delivery stream. */
export function firehoseSink(client: FirehoseClient, deliveryStream: string): Sink {
  return {
    name: `DeliveryStream:${deliveryStream}`,
    async put(records, signal): Promise<Refused> {
      const command = new PutRecordBatchCommand({
        DeliveryStreamName: deliveryStream,
        Records: records as SinkRecord[],
      })
      const answer = await client.send(command, { abortSignal: signal })
      return answer.FailedPutCount === 0 ? noneRefused : refusedOf(records, answer.RequestResponses ?? [])
    },
  }
}
