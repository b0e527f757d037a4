import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext } from 'node:test'
import { type Input, Kinesis, type TestStream, uniqueName } from './kinesis.ts'

/* Channels need buckets, and on AWS a role: their behaviour is asked of a local server only. */

/** A target with a folder for buckets. */
export function kinesisWithBuckets(): Kinesis {
  const buckets = mkdtempSync(join(tmpdir(), 'millrace-channels-'))
  const kinesis = new Kinesis({ buckets })
  after(() => rmSync(buckets, { recursive: true, force: true }))
  return kinesis
}

export const onDemand = { StreamModeDetails: { StreamMode: 'ON_DEMAND' } }

export const roleArn = 'arn:aws:iam::000000000000:role/any'

export const storage = {
  ...{ BucketARN: 'arn:aws:s3:::lake', ExpectedBucketOwner: '000000000000', CompressionType: 'NONE' },
}

/** What CreateChannel takes for a stream, with some of it replaced. */
export const channelInput = (streamArn: string, more: Input = {}) => ({
  ChannelName: uniqueName(),
  ServiceExecutionRoleARN: roleArn,
  StreamConfigurationList: [{ StreamARN: streamArn, RecordConfiguration: { RecordFormatType: 'JSON' } }],
  S3DestinationConfiguration: { StorageConfiguration: storage },
  ...more,
})

/** An on-demand stream with a channel that is ACTIVE; both are deleted when the case has ended. */
export async function channelOf(kinesis: Kinesis, t: Pick<TestContext, 'after'>, more: Input = {}) {
  const stream = await streamForChannels(kinesis, t)
  const { ChannelDescription } = await kinesis.call('CreateChannel', channelInput(stream.arn, more))
  return { stream, made: ChannelDescription, active: await channelIs(kinesis, ChannelDescription.ChannelARN, 'ACTIVE') }
}

/** An on-demand stream; it and its channels are deleted when the case has ended. */
export async function streamForChannels(kinesis: Kinesis, t: Pick<TestContext, 'after'>): Promise<TestStream> {
  const stream = await kinesis.stream(t, onDemand)
  t.after(async () => {
    const { ChannelSummaries } = await kinesis.call('ListChannels', { StreamFilter: [{ StreamARN: stream.arn }] })
    for (const { ChannelARN } of ChannelSummaries) {
      await kinesis.call('DeleteChannel', { ChannelARN })
      await channelIsGone(kinesis, ChannelARN)
    }
    await kinesis.ask('DeleteStream', { StreamName: stream.name }) // gone already, if it had no channel
  })
  return stream
}

/** Waits until a channel is in a state; gives its description. */
// biome-ignore lint/suspicious/noExplicitAny: the cases say what they expect of it
export const channelIs = (kinesis: Kinesis, ChannelARN: string, status: string): Promise<any> =>
  kinesis.until(async () => {
    const { ChannelDescription } = await kinesis.call('DescribeChannel', { ChannelARN })
    return ChannelDescription.ChannelStatus === status ? ChannelDescription : undefined
  })

export const channelIsGone = (kinesis: Kinesis, ChannelARN: string): Promise<true> =>
  kinesis.until(async () => ((await kinesis.ask('DescribeChannel', { ChannelARN })).status === 400 ? true : undefined))
