import { invalidArgument } from '../../../../core/aws-error.ts'
import type { FirehoseContext } from '../../context.ts'
import type { DeliveryRecord } from '../../delivery/delivery-record.ts'
import type { Delivered } from '../../delivery/plan.ts'
import type { DeliveryStream } from '../../delivery-stream.ts'
import { deliveryStreamArn } from '../../delivery-stream-view.ts'
import { notDeliveredTo } from '../../faults.ts'
import type { HttpEndpointSettings } from '../../settings/settings.ts'
import { backupTo, limitsOf } from '../s3/to-s3.ts'
import { HttpEndpointDestination } from './http-endpoint-destination.ts'
import { requestHeaders } from './request-headers.ts'

/** AWS's bound of a request [docs]. */
const recordsMax = 10_000
const concurrentMax = 4

/** Any endpoint that keeps Firehose's contract: one's own, and those of Datadog, New Relic, Dynatrace, Coralogix, … */
export function toHttpEndpoint(
  context: FirehoseContext,
  stream: DeliveryStream,
  settings: HttpEndpointSettings,
): Delivered {
  const { EndpointConfiguration, RequestConfiguration, RetryOptions, S3BackupMode, S3Configuration } = settings
  if (settings.SecretsManagerConfiguration?.Enabled) throw notDeliveredTo('Secrets Manager; give an AccessKey instead')
  const { AccessKey: secret, Url: url } = EndpointConfiguration
  if (!URL.canParse(url)) throw invalidArgument(`The endpoint's URL cannot be parsed: ${url}`)
  const errors = backupTo(context, stream, S3Configuration)
  return {
    destination: new HttpEndpointDestination(context, {
      name: stream.name,
      url,
      headers: requestHeaders(deliveryStreamArn(context.place, stream.name), settings),
      isGzip: RequestConfiguration?.ContentEncoding === 'GZIP',
      secret: secret || undefined,
    }),
    metricPrefix: 'DeliveryToHttpEndpoint',
    ...limitsOf(settings.BufferingHints),
    recordsMax,
    concurrentMax,
    retryMs: RetryOptions.DurationInSeconds * 1000,
    errorOutputType: 'http-endpoint-failed',
    errorDetails,
    errors,
    backup: S3BackupMode === 'AllData' ? errors : undefined,
  }
}

/** As AWS's error records have them: which of the records that were aggregated in one of a stream, and its id with it. */
function errorDetails({ origin, recordId }: DeliveryRecord) {
  const subsequenceNumber = origin?.subSequenceNumber ?? 0
  return { subsequenceNumber, dataId: `${origin?.sequenceNumber ?? recordId}.${subsequenceNumber}` }
}
