import type { FirehoseContext } from '../../context.ts'
import { conversionOf } from '../../conversion/conversion-settings.ts'
import { ConvertedObjects } from '../../conversion/converted-objects.ts'
import type { ObjectFormat } from '../../conversion/object-format.ts'
import type { Delivered } from '../../delivery/plan.ts'
import type { DeliveryStream } from '../../delivery-stream.ts'
import { noBuckets } from '../../faults.ts'
import { isPartitioned } from '../../settings/partitioning.ts'
import type { ExtendedS3Settings, S3Settings } from '../../settings/settings.ts'
import { S3Destination, type S3DestinationSettings } from './s3-destination.ts'

const mebibyte = 1024 * 1024
const dayMs = 24 * 3_600_000
const concurrentMax = 4

/** S3 as the destination: errors, and the source's records if they are kept, go to buckets, too. */
export function toS3(context: FirehoseContext, stream: DeliveryStream, settings: ExtendedS3Settings): Delivered {
  const { BufferingHints, S3BackupConfiguration, S3BackupMode } = settings
  const conversion = conversionOf(settings)
  const format = conversion && new ConvertedObjects(context, stream.name, conversion)
  const destination = s3Of(context, stream, settings, format)
  return {
    destination,
    metricPrefix: 'DeliveryToS3',
    ...limitsOf(BufferingHints),
    concurrentMax,
    retryMs: dayMs, // [docs] then the record is past its retention, too
    ...(isPartitioned(stream.destination) && partitionedTo(context, settings)),
    errorOutputType: format ? 'format-conversion-failed' : 'processing-failed',
    errorDetails: format && ((record) => format.errorDetails(record)),
    errors: { destination, ...limitsOf(BufferingHints) },
    backup: S3BackupMode === 'Enabled' ? backupTo(context, stream, S3BackupConfiguration!) : undefined,
  }
}

/** What the buffers of all partitions may take together: the server has to do with 512 MB when all of it comes at full rate. */
const partitionsHeldBytesMax = 48 * mebibyte

const partitionedTo = ({ limits }: FirehoseContext, settings: ExtendedS3Settings) => ({
  activePartitionsMax: limits.activePartitionsMax,
  heldBytesMax: partitionsHeldBytesMax,
  retryMs: (settings.DynamicPartitioningConfiguration?.RetryOptions?.DurationInSeconds ?? 300) * 1000,
})

/** What every destination has beside it: a bucket for what could not be delivered, and maybe for all that came. */
export const backupTo = (context: FirehoseContext, stream: Pick<DeliveryStream, 'name'>, settings: S3Settings) => ({
  destination: s3Of(context, stream, settings),
  ...limitsOf(settings.BufferingHints),
})

/** A bucket that may be put into. @throws InvalidArgumentException */
function s3Of(
  context: FirehoseContext,
  stream: Pick<DeliveryStream, 'name'>,
  settings: S3DestinationSettings,
  format?: ObjectFormat,
): S3Destination {
  const { compressions: lane, objects, random } = context
  if (!objects) throw noBuckets()
  return new S3Destination({ objects, random, name: stream.name, format, lane }, settings)
}

/** AWS's hints in bytes and milliseconds. */
export const limitsOf = ({ SizeInMBs, IntervalInSeconds }: S3Settings['BufferingHints']) => ({
  sizeBytesMax: SizeInMBs * mebibyte,
  intervalMs: IntervalInSeconds * 1000,
})
