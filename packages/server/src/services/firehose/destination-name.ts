import type { DestinationSettings } from './settings/settings.ts'

/**
 * A destination in one line, as AWS's error logs name it: the ARN of a bucket or domain, the URL of anything else. Of a URL
 * only where it leads: a query may hold a key.
 */
export function destinationName({ kind, settings }: DestinationSettings): string {
  switch (kind) {
    case 'ExtendedS3':
      return settings.BucketARN
    case 'HttpEndpoint':
      return placeOf(settings.EndpointConfiguration.Url)
    case 'Splunk':
      return placeOf(settings.HECEndpoint)
    case 'Elasticsearch':
    case 'Amazonopensearchservice':
      return settings.DomainARN ?? placeOf(settings.ClusterEndpoint ?? kind)
    case 'AmazonOpenSearchServerless':
      return placeOf(settings.CollectionEndpoint ?? kind)
    case 'Redshift':
      return settings.ClusterJDBCURL
    default:
      return kind
  }
}

function placeOf(url: string): string {
  if (!URL.canParse(url)) return url
  const { protocol, host, pathname } = new URL(url)
  return `${protocol}//${host}${pathname}`
}
