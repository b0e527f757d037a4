import { invalidArgument } from '../../../../core/aws-error.ts'
import type { FirehoseContext } from '../../context.ts'
import type { Delivered } from '../../delivery/plan.ts'
import type { DeliveryStream } from '../../delivery-stream.ts'
import { notDeliveredTo } from '../../faults.ts'
import { count } from '../../metrics.ts'
import type { SearchServerlessSettings, SearchSettings } from '../../settings/settings.ts'
import { backupTo, limitsOf } from '../s3/to-s3.ts'
import { SearchDestination, type SearchOptions } from './search-destination.ts'
import { SearchEndpoint } from './search-endpoint.ts'

/** Batches on their way at once, where documents have names: those that come again are written over themselves. */
const concurrentMax = 2

export const toElasticsearch = (context: FirehoseContext, stream: DeliveryStream, settings: SearchSettings) =>
  toSearch(context, stream, settings, 'DeliveryToElasticsearch', { ...clusterOptions(settings), codePrefix: 'ES' })

export const toOpenSearch = (context: FirehoseContext, stream: DeliveryStream, settings: SearchSettings) =>
  toSearch(context, stream, settings, 'DeliveryToAmazonOpenSearchService', {
    ...clusterOptions(settings),
    codePrefix: 'OS',
  })

/** Without rotation and types, and with names of its own in error records. */
export function toServerless(context: FirehoseContext, stream: DeliveryStream, settings: SearchServerlessSettings) {
  const { CollectionEndpoint: url, IndexName } = settings
  return toSearch(context, stream, settings, 'DeliveryToAmazonOpenSearchServerless', {
    ...{ url, indexName: IndexName, rotation: 'NoRotation', typeName: undefined },
    ...{ hasDocumentIds: true, codePrefix: 'OS', detailPrefix: 'os' },
  })
}

type MetricPrefix =
  | 'DeliveryToElasticsearch'
  | 'DeliveryToAmazonOpenSearchService'
  | 'DeliveryToAmazonOpenSearchServerless'

const clusterOptions = (settings: SearchSettings) => ({
  url: settings.ClusterEndpoint,
  indexName: settings.IndexName,
  rotation: settings.IndexRotationPeriod ?? 'OneDay',
  typeName: settings.TypeName || undefined,
  hasDocumentIds: settings.DocumentIdOptions?.DefaultDocumentIdFormat !== 'NO_DOCUMENT_ID',
  detailPrefix: 'es' as const,
})

function toSearch(
  context: FirehoseContext,
  stream: DeliveryStream,
  settings: SearchSettings | SearchServerlessSettings,
  metricPrefix: MetricPrefix,
  { url, ...options }: SearchOptions & { readonly url: string | undefined },
): Delivered {
  const { metrics, outbound } = context
  if (url === undefined) throw notDeliveredTo('a domain by its ARN: there is none to ask for its address. Give its URL')
  if (!URL.canParse(url)) throw invalidArgument(`${url} is not a URL.`)
  const { BufferingHints, RetryOptions, S3BackupMode, S3Configuration } = settings
  const destination = new SearchDestination(new SearchEndpoint(outbound, { url, codePrefix: options.codePrefix }), {
    ...options,
    onAuthentication: (isRefused) => count(metrics, stream.name, `${metricPrefix}.AuthFailure`, isRefused ? 1 : 0),
  })
  const backup = backupTo(context, stream, S3Configuration)
  return {
    destination,
    metricPrefix,
    ...limitsOf(BufferingHints),
    concurrentMax: options.hasDocumentIds ? concurrentMax : 1,
    isSideBySide: options.hasDocumentIds,
    retryMs: RetryOptions.DurationInSeconds * 1000,
    errorOutputType: 'AmazonOpenSearchService-failed',
    errorDetails: (record) => destination.errorDetails(record),
    errors: backup,
    backup: S3BackupMode === 'AllDocuments' ? backup : undefined,
  }
}
