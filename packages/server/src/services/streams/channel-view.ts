import type { Channel } from './channel.ts'
import type { StreamsContext } from './context.ts'
import { streamArnOf } from './members.ts'

type Parts = Pick<StreamsContext, 'channels' | 'place'>

/** `ChannelDescription`. */
export const channelView = (context: Parts, channel: Channel) => {
  const { deadLetters, kmsKeyId, logging, storage, stream } = channel
  return {
    ...known(context, channel),
    ServiceExecutionRoleARN: channel.roleArn,
    StreamConfigurationList: [
      { ...streamView(context, stream), RecordConfiguration: { RecordFormatType: channel.recordFormat } },
    ],
    S3DestinationConfiguration: {
      DataFreshnessInSeconds: channel.freshnessSeconds,
      DeadLetterQueueS3Configuration: {
        BucketARN: deadLetters.bucketArn,
        ExpectedBucketOwner: deadLetters.bucketOwner,
        ErrorOutputPrefix: deadLetters.prefix,
      },
      StorageConfiguration: {
        BucketARN: storage.bucketArn,
        ExpectedBucketOwner: storage.bucketOwner,
        OutputKeyTemplate: storage.keyTemplate,
        StorageClass: storage.storageClass,
        CompressionType: storage.compression,
      },
    },
    ...(kmsKeyId !== undefined && { EncryptionConfiguration: { EncryptionType: 'KMS', KeyId: kmsKeyId } }),
    LoggingConfiguration: {
      CloudWatchLogs: {
        Enabled: logging.isEnabled,
        LogGroupName: logging.logGroup,
        LogStreamName: logging.logStream,
      },
    },
  }
}

/** `ChannelSummary`. */
export const channelSummary = (context: Parts, channel: Channel) => ({
  ...known(context, channel),
  ChannelDestinationType: 'S3',
  Streams: [streamView(context, channel.stream)],
})

const known = ({ channels }: Parts, channel: Channel) => ({
  ChannelName: channel.name,
  ChannelARN: channels.arnOf(channel),
  ChannelId: channel.id,
  ChannelStatus: channel.status,
  ChannelCreationTimestamp: new Date(channel.createdAtMs),
})

const streamView = (context: Parts, stream: Channel['stream']) => ({
  StreamARN: streamArnOf(context, stream),
  StreamCreationTimestamp: new Date(stream.createdAtMs),
})
