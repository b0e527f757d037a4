import { arn, parseArn } from '../../core/arn.ts'
import { invalidArgument } from '../../core/aws-error.ts'
import { path, resourceOfArn } from '../../core/needs.ts'
import { enumeration, integer, optional, string, stringMap, structure } from '../../core/shapes.ts'
import type { StreamsContext } from './context.ts'
import { streamNotFound } from './faults.ts'
import type { Stream } from './stream.ts'

/* The members that many inputs share, with AWS's constraints. */

const name = '[a-zA-Z0-9_.-]+'

/*
 * AWS's patterns of ARNs have a `.*` in three places, and would take the cube of a text's length. The same in one pass: what a
 * `.*` takes is settled by what follows it, where that stands first, or last before the end. (?=(…))\\1 does not come back.
 */
export const arnOfKinesis = 'arn:aws(?=(.*?:kinesis:))\\1'
const upToAccount = `${arnOfKinesis}(?=(.*?:\\d{12}:))\\2`

export const streamName = string({ min: 1, max: 128, pattern: name })
export const streamArn = string({
  min: 1,
  max: 2048,
  pattern: 'arn:aws.*:kinesis:.*:\\d{12}:.*stream/\\S+',
  linear: `${upToAccount}(?=(.*stream/\\S))\\3\\S*`,
})
export const consumerArn = string({
  min: 1,
  max: 2048,
  pattern: '^(arn):aws.*:kinesis:.*:\\d{12}:.*stream\\/[a-zA-Z0-9_.-]+\\/consumer\\/[a-zA-Z0-9_.-]+:[0-9]+',
  linear: `${upToAccount}.*stream/[a-zA-Z0-9_.-]+/consumer/[a-zA-Z0-9_.-]+:[0-9]+`,
})
export const resourceArn = string({
  min: 1,
  max: 2048,
  pattern: 'arn:aws.*:kinesis:.*:\\d{12}:.*(stream|channel|queue)/\\S+',
  linear: `${upToAccount}(?=(.*(?:stream|channel|queue)/\\S))\\3\\S*`,
})
export const consumerName = string({ min: 1, max: 128, pattern: name })
export const shardId = string({ min: 1, max: 128, pattern: name })
export const hashKey = string({ pattern: '0|([1-9]\\d{0,38})' })
export const sequenceNumber = string({ pattern: '0|([1-9]\\d{0,128})' })
export const nextToken = string({ min: 1, max: 1_048_576 })
export const tagMap = stringMap({ min: 1, max: 128 }, { min: 0, max: 256 }, { min: 1, max: 200 })
export const maxRecordSizeKiB = integer({ min: 1024, max: 10_240 })
export const pageSize = integer({ min: 1, max: 10_000 })
export const streamModeDetails = structure({ StreamMode: enumeration('PROVISIONED', 'ON_DEMAND') })
/** Up to 10 GiB each second. */
export const warmThroughput = integer({ min: 0, max: 10_240 })
export const distributionStrategy = enumeration('USER_PARTITION_KEY', 'AUTO')
export const encryptionType = enumeration('KMS', 'NONE')
/** A master key: its id or ARN, an alias or an alias's ARN. */
export const keyId = string({ min: 1, max: 2048 })

/** Reserved by AWS: concerns only how a client finds its endpoint. */
export const streamId = optional(string({ min: 1, max: 24, pattern: '[a-z0-9]{20}-[a-z0-9]{3}' }))

/** How most operations name their stream: by name, by ARN, or by both if they agree. */
export const streamReference = {
  StreamName: optional(streamName),
  StreamARN: optional(streamArn),
  StreamId: streamId,
}

type StreamReference = { readonly StreamName?: string | undefined; readonly StreamARN?: string | undefined }

/** The name of the stream that an input means. @throws InvalidArgumentException, ResourceNotFoundException */
export function streamNameOf(
  { place }: Pick<StreamsContext, 'place'>,
  { StreamName, StreamARN }: StreamReference,
): string {
  if (StreamARN === undefined) {
    if (StreamName === undefined) throw invalidArgument('Either StreamARN or StreamName must be provided.')
    return StreamName
  }
  const parts = parseArn(StreamARN)
  const named = parts?.resource.startsWith('stream/') ? parts.resource.slice('stream/'.length) : StreamARN
  if (parts?.accountId !== place.accountId || parts.region !== place.region)
    throw streamNotFound(named, parts?.accountId ?? place.accountId)
  if (StreamName !== undefined && StreamName !== named)
    throw invalidArgument('StreamARN and StreamName must refer to the same stream.')
  return named
}

/** @throws InvalidArgumentException, ResourceNotFoundException */
export const streamOf = (context: Pick<StreamsContext, 'place' | 'streams'>, reference: StreamReference): Stream =>
  context.streams.get(streamNameOf(context, reference))

/** For `resource` of an operation: what authorization and rates see. Never throws. */
export const streamResource = (
  { StreamName, StreamARN }: StreamReference,
  { place }: Pick<StreamsContext, 'place'>,
): string | undefined => path`stream/${StreamName}` ?? resourceOfArn(place, 'kinesis', StreamARN)

export const streamArnOf = ({ place }: Pick<StreamsContext, 'place'>, { name }: Pick<Stream, 'name'>): string =>
  arn(place, 'kinesis', `stream/${name}`)

/** `resource` of an operation that names it by ResourceARN. */
export const arnResource = (
  { ResourceARN }: { readonly ResourceARN: string },
  { place }: Pick<StreamsContext, 'place'>,
): string | undefined => resourceOfArn(place, 'kinesis', ResourceARN)
