import { setTimeout as sleep } from 'node:timers/promises'
import {
  type ChildShard,
  DescribeStreamConsumerCommand,
  DescribeStreamSummaryCommand,
  type KinesisClient,
  RegisterStreamConsumerCommand,
  type StartingPosition,
  SubscribeToShardCommand,
} from '@aws-sdk/client-kinesis'
import type { Ledger } from './ledger.ts'
import { readLineage } from './lineage.ts'

/** Registers a consumer and waits until it may subscribe. */
export async function registerConsumer(client: KinesisClient, streamName: string, name: string): Promise<string> {
  const summary = await client.send(new DescribeStreamSummaryCommand({ StreamName: streamName }))
  const { Consumer: consumer } = await client.send(
    new RegisterStreamConsumerCommand({
      StreamARN: summary.StreamDescriptionSummary!.StreamARN!,
      ConsumerName: name,
    }),
  )
  const arn = consumer!.ConsumerARN!
  for (;;) {
    const { ConsumerDescription } = await client.send(new DescribeStreamConsumerCommand({ ConsumerARN: arn }))
    if (ConsumerDescription?.ConsumerStatus === 'ACTIVE') return arn
    await sleep(50)
  }
}

/** Has the whole stream pushed by SubscribeToShard, from the oldest record on, until told to stop. */
export async function readByFanOut(
  client: KinesisClient,
  streamName: string,
  consumerArn: string,
  ledger: Ledger,
  signal: AbortSignal,
) {
  await readLineage(client, streamName, async (shardId) => {
    let position: StartingPosition = { Type: 'TRIM_HORIZON' }
    // A subscription lives five minutes; the next one goes on behind the last event.
    while (!signal.aborted) {
      let children: readonly ChildShard[] | undefined
      try {
        const { EventStream: events } = await client.send(
          new SubscribeToShardCommand({ ConsumerARN: consumerArn, ShardId: shardId, StartingPosition: position }),
          { abortSignal: signal },
        )
        for await (const { SubscribeToShardEvent: event } of events ?? []) {
          for (const { Data } of event?.Records ?? []) ledger.take(shardId, Data!)
          if (event?.ContinuationSequenceNumber)
            position = { Type: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: event.ContinuationSequenceNumber }
          if (event?.ChildShards?.length) children = event.ChildShards
        }
      } catch (error) {
        if (!signal.aborted) throw error
      }
      if (children) return children
    }
    return []
  })
}
