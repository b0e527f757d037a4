import { parseArn } from '../../core/arn.ts'
import { invalidArgument } from '../../core/aws-error.ts'
import { resourceOfArn } from '../../core/needs.ts'
import { optional } from '../../core/shapes.ts'
import type { Consumer } from './consumer-store.ts'
import type { StreamsContext } from './context.ts'
import { consumerNotFound } from './faults.ts'
import { consumerArn, consumerName, streamArn, streamArnOf, streamOf, streamReference } from './members.ts'

/** How a registered consumer is named: by its ARN, by its stream's ARN and its name, or by all if they agree. */
export const consumerReference = {
  StreamARN: optional(streamArn),
  ConsumerName: optional(consumerName),
  ConsumerARN: optional(consumerArn),
  StreamId: streamReference.StreamId,
}

type ConsumerReference = {
  readonly StreamARN?: string | undefined
  readonly ConsumerName?: string | undefined
  readonly ConsumerARN?: string | undefined
}

/**
 * For `resource` of an operation. Never throws. Whoever names a consumer by its name means the one that is there, the
 * second of its creation included; `*` stands for the second of one that is not there.
 */
export function consumerResource(
  { StreamARN, ConsumerName, ConsumerARN }: ConsumerReference,
  { consumers, place, streams }: Pick<StreamsContext, 'consumers' | 'place' | 'streams'>,
): string | undefined {
  if (ConsumerARN !== undefined) return resourceOfArn(place, 'kinesis', ConsumerARN)
  const resource = resourceOfArn(place, 'kinesis', StreamARN)
  if (resource === undefined || ConsumerName === undefined) return resource
  const stream = resource.startsWith('stream/') ? streams.find(resource.slice('stream/'.length)) : undefined
  const consumer = stream && consumers.find(stream, ConsumerName)
  return consumer ? consumers.arnOf(consumer) : consumerToBe(resource, ConsumerName)
}

/** A consumer that is not there yet: when it will be made is not known. */
export const consumerToBe = (streamResource: string, name: string) => `${streamResource}/consumer/${name}:*`

/** @throws InvalidArgumentException, ResourceNotFoundException */
export function consumerOf(context: StreamsContext, reference: ConsumerReference): Consumer {
  const { StreamARN, ConsumerName, ConsumerARN } = reference
  if (ConsumerARN !== undefined) {
    const consumer = consumerByArn(context, ConsumerARN)
    const agrees =
      (ConsumerName === undefined || ConsumerName === consumer.name) &&
      (StreamARN === undefined || StreamARN === streamArnOf(context, { name: consumer.streamName }))
    if (!agrees) throw invalidArgument('ConsumerARN, StreamARN and ConsumerName must refer to the same consumer.')
    return consumer
  }
  if (StreamARN === undefined || ConsumerName === undefined)
    throw invalidArgument('Either ConsumerARN or both StreamARN and ConsumerName must be provided.')
  const consumer = context.consumers.find(streamOf(context, { StreamARN }), ConsumerName)
  if (!consumer) throw consumerNotFound(`${StreamARN}/consumer/${ConsumerName}`, context.place.accountId)
  return consumer
}

/** The consumer that an ARN names, its second of creation included. @throws ResourceNotFoundException */
export function consumerByArn({ consumers, place, streams }: StreamsContext, ConsumerARN: string): Consumer {
  const [, streamName, name] =
    /^stream\/([^/]+)\/consumer\/([^/:]+):\d+$/.exec(parseArn(ConsumerARN)?.resource ?? '') ?? []
  const stream = streamName === undefined ? undefined : streams.find(streamName)
  const consumer = stream && name !== undefined ? consumers.find(stream, name) : undefined
  if (!consumer || consumers.arnOf(consumer) !== ConsumerARN) throw consumerNotFound(ConsumerARN, place.accountId)
  return consumer
}

/** A consumer as AWS shows it. */
export const consumerView = ({ consumers }: Pick<StreamsContext, 'consumers'>, consumer: Consumer) => ({
  ConsumerName: consumer.name,
  ConsumerARN: consumers.arnOf(consumer),
  ConsumerStatus: consumer.status,
  ConsumerCreationTimestamp: new Date(consumer.createdAtMs),
})
