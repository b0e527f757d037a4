import type { FirehoseContext } from '../context.ts'
import { type DeliveryStream, logIdOf } from '../delivery-stream.ts'
import { isSupported } from '../destinations/compression.ts'
import { S3Destination } from '../destinations/s3.ts'
import { noBuckets, notDeliveredTo } from '../faults.ts'
import type { Plan } from './delivery.ts'
import { PutSource } from './put-source.ts'

const mebibyte = 1024 * 1024
const hourMs = 3_600_000

/** A delivery stream's settings → how it is delivered. @throws InvalidArgumentException for what cannot be delivered to */
export function planOf(context: FirehoseContext, stream: DeliveryStream): Plan {
  const { name, version, destination } = stream
  if (destination.kind !== 'ExtendedS3') throw notDeliveredTo(`the destination ${destination.kind}`)
  const { settings } = destination
  if (!context.objects) throw noBuckets()
  if (!isSupported(settings.CompressionFormat)) throw notDeliveredTo(`the compression ${settings.CompressionFormat}`)
  if (settings.S3BackupMode === 'Enabled') throw notDeliveredTo('source record backup')
  if (settings.ProcessingConfiguration?.Enabled) throw notDeliveredTo('processing')
  if (settings.DynamicPartitioningConfiguration?.Enabled) throw notDeliveredTo('dynamic partitioning')
  if (settings.DataFormatConversionConfiguration && settings.DataFormatConversionConfiguration.Enabled !== false)
    throw notDeliveredTo('data format conversion')
  const { BufferingHints } = settings
  const s3 = new S3Destination({ objects: context.objects, random: context.random, name }, settings)
  return {
    name,
    id: logIdOf(stream),
    version,
    source: sourceOf(context, stream),
    transforms: [],
    destination: s3,
    metricPrefix: 'DeliveryToS3',
    sizeBytesMax: BufferingHints.SizeInMBs * mebibyte,
    intervalMs: BufferingHints.IntervalInSeconds * 1000,
    retryMs: 24 * hourMs, // [docs] then the record is past its retention, too
    errors: s3,
    errorSizeBytesMax: BufferingHints.SizeInMBs * mebibyte,
    errorIntervalMs: BufferingHints.IntervalInSeconds * 1000,
    errorOutputType: 'processing-failed',
  }
}

function sourceOf({ log }: FirehoseContext, stream: DeliveryStream) {
  if (stream.source.type === 'DirectPut') return new PutSource(log, stream)
  throw notDeliveredTo(`the source ${stream.source.type}`)
}
