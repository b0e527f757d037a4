import {
  type DeliveryStreamDescription,
  DescribeDeliveryStreamCommand,
  type FirehoseClient,
  PutRecordBatchCommand,
  type PutRecordBatchCommandOutput,
} from '@aws-sdk/client-firehose'

/* The calls that every test of Firehose makes. */

export async function describeDeliveryStream(
  firehose: FirehoseClient,
  DeliveryStreamName: string,
): Promise<DeliveryStreamDescription> {
  const answer = await firehose.send(new DescribeDeliveryStreamCommand({ DeliveryStreamName }))
  return answer.DeliveryStreamDescription!
}

export function putTexts(
  firehose: FirehoseClient,
  DeliveryStreamName: string,
  texts: readonly string[],
): Promise<PutRecordBatchCommandOutput> {
  const Records = texts.map((text) => ({ Data: Buffer.from(text) }))
  return firehose.send(new PutRecordBatchCommand({ DeliveryStreamName, Records }))
}
