import { DescribeStreamSummaryCommand, KinesisClient } from '@aws-sdk/client-kinesis'

/* Calls Kinesis by what stands in its environment, as a function on AWS does. */

export const handler = async ({ streams }) => {
  const kinesis = new KinesisClient({ maxAttempts: 1 })
  const statusOf = (StreamName) =>
    kinesis.send(new DescribeStreamSummaryCommand({ StreamName })).then(
      ({ StreamDescriptionSummary: { StreamStatus } }) => StreamStatus,
      ({ message }) => message,
    )
  return Promise.all(streams.map(statusOf))
}
