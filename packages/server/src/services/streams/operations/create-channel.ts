import { invalidArgument, notImplemented } from '../../../core/aws-error.ts'
import { passRole, requestTagKeys } from '../../../core/needs.ts'
import { operation } from '../../../core/operation.ts'
import { optional, structure } from '../../../core/shapes.ts'
import { needOn } from '../access.ts'
import type { Channel } from '../channel.ts'
import { extensionOf } from '../channel-feed.ts'
import {
  channelEncryption,
  channelLogging,
  channelName,
  checkFreshness,
  executionRoleArn,
  freshnessSecondsDefault,
  loggingOf,
  oneStream,
  s3Destination,
  s3TablesDestination,
  sourceOf,
  streamConfigurations,
} from '../channel-input.ts'
import { checkKeyTemplate, defaultKeyTemplate } from '../channel-key-template.ts'
import { channelView } from '../channel-view.ts'
import type { StreamsContext } from '../context.ts'
import { cannotAssumeRole, channelAlreadyExists, noTablesForFormat, notOnDemand, tooManyChannels } from '../faults.ts'
import { streamNameOf, streamResource, tagMap } from '../members.ts'
import { checkTagCount, checkTags } from '../tags.ts'

/** Channels to S3 of a stream; AWS allows another one to S3 Tables. */
const s3ChannelsMax = 1

/** Whom roles of channels must trust. */
const servicePrincipal = 'kinesis.amazonaws.com'

export const createChannel = operation({
  name: 'CreateChannel',
  input: structure({
    ChannelName: channelName,
    ServiceExecutionRoleARN: executionRoleArn,
    StreamConfigurationList: streamConfigurations,
    S3DestinationConfiguration: optional(s3Destination),
    S3TablesDestinationConfiguration: optional(s3TablesDestination),
    EncryptionConfiguration: optional(channelEncryption),
    Tags: optional(tagMap),
    LoggingConfiguration: optional(channelLogging),
  }),
  resource: (input, context: StreamsContext) => streamResource(sourceOf(input.StreamConfigurationList), context),
  needs(input, context: StreamsContext) {
    const resource = streamResource(sourceOf(input.StreamConfigurationList), context)
    const keys = requestTagKeys(input.Tags ?? [])
    return [
      needOn(context, 'CreateChannel', resource, keys),
      needOn(context, 'AssociateStreamsWithChannel', resource),
      ...(keys.size === 0 ? [] : [needOn(context, 'TagResource', 'channel/*', keys)]),
      passRole(input.ServiceExecutionRoleARN, servicePrincipal),
    ]
  },
  rate: { perSecond: 5, per: 'account' },
  async handle(context: StreamsContext, input) {
    const { channelDeliveries, channels, clock, durations, limits, place, random, streams } = context
    const { ChannelName: name, EncryptionConfiguration: encryption, Tags: tags = new Map<string, string>() } = input
    const { S3DestinationConfiguration: s3, S3TablesDestinationConfiguration: tables } = input
    const configured = oneStream(input.StreamConfigurationList)
    checkRole(context, input.ServiceExecutionRoleARN)
    if ((s3 === undefined) === (tables === undefined))
      throw invalidArgument(
        'Exactly one of S3DestinationConfiguration and S3TablesDestinationConfiguration must be specified.',
      )
    const freshnessSeconds = (s3 ?? tables)?.DataFreshnessInSeconds ?? freshnessSecondsDefault
    checkFreshness(freshnessSeconds, limits)
    checkTags(tags)
    checkTagCount(tags.size, `channel ${name}`, place.accountId)
    if (/(^|:)alias\/aws\/kinesis$/.test(encryption?.KeyId ?? ''))
      throw invalidArgument('The key aws/kinesis cannot be used for channels: a customer managed key is needed.')
    if (!s3) throw notImplemented('channels to S3 Tables', 'Iceberg tables')
    const { RecordFormatType: recordFormat } = configured.RecordConfiguration
    if (recordFormat === 'GSR_JSON') throw noTablesForFormat(recordFormat)
    const { StorageConfiguration: storage, DeadLetterQueueS3Configuration: deadLetters } = s3
    const keyTemplate = storage.OutputKeyTemplate ?? defaultKeyTemplate
    const id = random.uuid()
    await channelDeliveries.begin()

    const made = await streams.inTurn(async () => {
      const stream = streams.active(streamNameOf(context, configured))
      if (stream.mode !== 'ON_DEMAND') throw notOnDemand(stream.name, place.accountId)
      checkKeyTemplate(keyTemplate, storage.CompressionType !== 'NONE', {
        ...{ channelName: name, channelId: id, streamName: stream.name },
        extension: extensionOf[storage.CompressionType],
      })
      if (channels.all().some((other) => other.name === name)) throw channelAlreadyExists(name, place.accountId)
      if (channels.ofStream(stream).length >= s3ChannelsMax)
        throw tooManyChannels(stream.name, place.accountId, s3ChannelsMax)
      const createdAtMs = clock.nowMs()
      const channel: Channel = {
        ...{ id, name, createdAtMs, status: 'CREATING', dueAtMs: createdAtMs + durations.createMs, version: 1 },
        roleArn: input.ServiceExecutionRoleARN,
        stream: { id: stream.id, name: stream.name, createdAtMs: stream.createdAtMs },
        recordFormat,
        freshnessSeconds,
        storage: {
          bucketArn: storage.BucketARN,
          bucketOwner: storage.ExpectedBucketOwner,
          keyTemplate,
          storageClass: storage.StorageClass ?? 'STANDARD',
          compression: storage.CompressionType,
        },
        deadLetters: {
          bucketArn: deadLetters?.BucketARN ?? storage.BucketARN,
          bucketOwner: deadLetters?.ExpectedBucketOwner ?? storage.ExpectedBucketOwner,
          prefix: deadLetters?.ErrorOutputPrefix ?? `kinesis-channel/errors/${name}/${id}/`,
        },
        kmsKeyId: encryption?.KeyId,
        logging: loggingOf(input.LoggingConfiguration, {
          logGroup: `/aws/kinesis/${name}/${id}`,
          logStream: 'DestinationDelivery',
        }),
        tags,
      }
      await channels.create(channel)
      return channel
    })
    return { ChannelDescription: channelView(context, made) }
  },
})

/** @throws InvalidArgumentException for a role that is not there, or does not trust the service */
function checkRole({ roles }: StreamsContext, roleArn: string): void {
  if (roles && !roles.mayAssume({ roleArn, service: servicePrincipal })) throw cannotAssumeRole(roleArn)
}
