import { invalidArgument } from '../../../../core/aws-error.ts'
import type { FirehoseContext } from '../../context.ts'
import type { DeliveryRecord } from '../../delivery/delivery-record.ts'
import type { Delivered } from '../../delivery/plan.ts'
import type { DeliveryStream } from '../../delivery-stream.ts'
import { notDeliveredTo } from '../../faults.ts'
import type { SplunkSettings } from '../../settings/settings.ts'
import { backupTo, limitsOf } from '../s3/to-s3.ts'
import { SplunkDestination } from './splunk-destination.ts'

/**
 * Batches that wait for their acknowledgment at once: an indexer takes its time, often half a minute, and nothing would
 * arrive meanwhile. All of them together may be held in memory.
 */
const concurrentMax = 8
const heldBytesMin = 16 * 1024 * 1024

/** Splunk's HTTP Event Collector, raw or with events, with indexer acknowledgment. */
export function toSplunk(context: FirehoseContext, stream: DeliveryStream, settings: SplunkSettings): Delivered {
  const { HECEndpoint, HECEndpointType: type, HECToken: token, S3BackupMode, S3Configuration } = settings
  if (settings.SecretsManagerConfiguration?.Enabled) throw notDeliveredTo('Secrets Manager; give a HECToken instead')
  if (!token) throw invalidArgument('HECToken must be given.')
  if (!/^[!-~]+$/.test(token)) throw invalidArgument('HECToken cannot be sent in a header.')
  const errors = backupTo(context, stream, S3Configuration)
  const limits = limitsOf(settings.BufferingHints)
  return {
    destination: new SplunkDestination(context, {
      ...{ name: stream.name, type, token },
      url: collectorUrl(HECEndpoint, type === 'Raw' ? 'raw' : 'event'),
      ackUrl: collectorUrl(HECEndpoint, 'ack'),
      ackTimeoutMs: settings.HECAcknowledgmentTimeoutInSeconds! * 1000,
    }),
    metricPrefix: 'DeliveryToSplunk',
    ...limits,
    concurrentMax,
    isSideBySide: true,
    heldBytesMax: Math.max(heldBytesMin, (concurrentMax + 1) * limits.sizeBytesMax),
    retryMs: settings.RetryOptions.DurationInSeconds * 1000,
    errorOutputType: 'splunk-failed',
    errorDetails,
    errors,
    backup: S3BackupMode === 'AllEvents' ? errors : undefined,
  }
}

/** @param endpoint where Splunk is, with or without the path of its collector. @throws InvalidArgumentException */
export function collectorUrl(endpoint: string, what: 'raw' | 'event' | 'ack'): string {
  const url = URL.parse(endpoint)
  if (!url) throw invalidArgument(`The HEC endpoint's URL cannot be parsed: ${endpoint}`)
  const base = url.pathname
    .replace(/(?<!\/)\/+$/, '')
    .replace(/\/services\/collector(\/(raw|event|ack))?(\/1\.0)?$/, '')
  url.pathname = `${base}/services/collector/${what}`
  return url.href
}

/** As AWS's error records have it: a record's id, and which it was of those that were aggregated in one of a stream. */
const errorDetails = ({ origin, recordId }: DeliveryRecord) => ({
  EventId: `${origin?.sequenceNumber ?? recordId}.${origin?.subSequenceNumber ?? 0}`,
})
