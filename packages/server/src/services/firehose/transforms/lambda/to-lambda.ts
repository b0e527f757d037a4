import { functionsFor, roleOfDestination } from '../../access.ts'
import { deliveryStreamArn } from '../../delivery-stream-view.ts'
import { isPartitioned } from '../../settings/partitioning.ts'
import type { TransformParts } from '../transforms.ts'
import { LambdaTransform } from './lambda-transform.ts'

const mebibyte = 1024 * 1024

/** A Lambda processor's parameters, which were checked when the delivery stream was made, as a transform. */
export function toLambda({ context, stream, parameters }: TransformParts): LambdaTransform {
  const { BufferIntervalInSeconds = '60', BufferSizeInMBs = '1', LambdaArn = '', NumberOfRetries = '3' } = parameters
  const { RoleArn = roleOfDestination(stream.destination) } = parameters
  const { place } = context
  const sourceKinesisStreamArn = stream.source.type === 'KinesisStreamAsSource' ? stream.source.streamArn : undefined
  return new LambdaTransform(
    { ...context, functions: functionsFor(context, stream.name, RoleArn) },
    {
      deliveryStream: stream.name,
      head: { deliveryStreamArn: deliveryStreamArn(place, stream.name), sourceKinesisStreamArn, region: place.region },
      functionArn: LambdaArn,
      retriesMax: Number(NumberOfRetries),
      intake: {
        sizeBytesMax: Math.round(Number(BufferSizeInMBs) * mebibyte),
        intervalMs: Number(BufferIntervalInSeconds) * 1000,
      },
      isPartitioned: isPartitioned(stream.destination),
    },
  )
}
