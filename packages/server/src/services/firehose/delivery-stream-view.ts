import { arn, type Place } from '../../core/arn.ts'
import type { DeliveryStream, DeliveryStreamFailure } from './delivery-stream.ts'
import type { DestinationSettings } from './settings/settings.ts'

/** `DeliveryStreamDescription`: what DescribeDeliveryStream tells. Passwords and keys are never told. */
export function deliveryStreamView(stream: DeliveryStream, place: Place) {
  const { source } = stream
  return {
    DeliveryStreamName: stream.name,
    DeliveryStreamARN: deliveryStreamArn(place, stream.name),
    DeliveryStreamStatus: stream.status,
    DeliveryStreamEncryptionConfiguration: source.type === 'DirectPut' ? encryptionView(stream) : undefined,
    FailureDescription: stream.failure && failureView(stream.failure),
    DeliveryStreamType: source.type,
    VersionId: `${stream.version}`,
    CreateTimestamp: new Date(stream.createdMs),
    LastUpdateTimestamp: stream.updatedMs === undefined ? undefined : new Date(stream.updatedMs),
    Source: sourceView(stream),
    Destinations: [{ DestinationId: stream.destinationId, ...destinationView(stream.destination) }],
    HasMoreDestinations: false,
  }
}

function encryptionView({ encryption }: DeliveryStream) {
  if (!encryption || encryption.status === 'DISABLED') return { Status: 'DISABLED' }
  const { failure, key, status } = encryption
  return {
    ...(key.type === 'CUSTOMER_MANAGED_CMK' && { KeyARN: key.arn }),
    KeyType: key.type,
    Status: status,
    FailureDescription: failure && failureView(failure),
  }
}

const failureView = ({ type, details }: DeliveryStreamFailure) => ({ Type: type, Details: details })

export const deliveryStreamArn = (place: Place, name: string) => arn(place, 'firehose', `deliverystream/${name}`)

function sourceView({ source }: DeliveryStream) {
  if (source.type === 'DirectPut')
    return source.throughputHintMBs === undefined
      ? undefined
      : { DirectPutSourceDescription: { ThroughputHintInMBs: source.throughputHintMBs } }
  return {
    KinesisStreamSourceDescription: {
      KinesisStreamARN: source.streamArn,
      RoleARN: source.roleArn,
      DeliveryStartTimestamp: new Date(source.startMs),
    },
  }
}

/** A configuration's members with a description's names. */
function destinationView({ kind, settings }: DestinationSettings): Record<string, unknown> {
  const { S3Configuration, S3BackupConfiguration, ...rest } = settings as typeof settings & Backups
  const described = {
    ...rest,
    ...(S3Configuration && { S3DestinationDescription: S3Configuration }),
    ...(S3BackupConfiguration && { S3BackupDescription: S3BackupConfiguration }),
  }
  if (kind === 'ExtendedS3') {
    const { RoleARN, BucketARN, Prefix, ErrorOutputPrefix, BufferingHints, CompressionFormat } = settings
    const { EncryptionConfiguration, CloudWatchLoggingOptions } = settings
    const s3 = { RoleARN, BucketARN, Prefix, ErrorOutputPrefix, BufferingHints, CompressionFormat }
    return {
      S3DestinationDescription: { ...s3, EncryptionConfiguration, CloudWatchLoggingOptions },
      ExtendedS3DestinationDescription: described,
    }
  }
  if (kind === 'HttpEndpoint') {
    const { AccessKey: _, ...endpoint } = settings.EndpointConfiguration
    return { HttpEndpointDestinationDescription: { ...described, EndpointConfiguration: endpoint } }
  }
  if (kind === 'Redshift') {
    const { Password: _, ...told } = described as typeof described & { readonly Password?: string }
    return { RedshiftDestinationDescription: told }
  }
  if (kind === 'Splunk') return { SplunkDestinationDescription: described }
  const { VpcConfiguration, ...search } = described as typeof described & { readonly VpcConfiguration?: object }
  const vpc = VpcConfiguration && { VpcConfigurationDescription: { ...VpcConfiguration, VpcId: unknownVpcId } }
  return { [`${kind}DestinationDescription`]: { ...search, ...addressesOf(settings), ...vpc } }
}

/** AWS looks up to which network the subnets belong; here there is none to ask, and the member must not be missing. */
const unknownVpcId = 'vpc-00000000'

/** Addresses of clusters, without `user:password@`. */
function addressesOf(settings: {
  readonly ClusterEndpoint?: string | undefined
  readonly CollectionEndpoint?: string | undefined
}) {
  const { ClusterEndpoint, CollectionEndpoint } = settings
  return {
    ...(ClusterEndpoint && { ClusterEndpoint: withoutCredentials(ClusterEndpoint) }),
    ...(CollectionEndpoint && { CollectionEndpoint: withoutCredentials(CollectionEndpoint) }),
  }
}

const withoutCredentials = (url: string) => url.replace(/^(https?:\/*)[^/?#]*@/, '$1')

type Backups = { readonly S3Configuration?: object; readonly S3BackupConfiguration?: object }
