import type { FirehoseContext } from '../context.ts'
import type { Delivered } from '../delivery/plan.ts'
import type { DeliveryStream } from '../delivery-stream.ts'
import { notDeliveredTo } from '../faults.ts'
import type { DestinationSettings } from '../settings/settings.ts'
import { toHttpEndpoint } from './http-endpoint/to-http-endpoint.ts'
import { toRedshift } from './redshift/to-redshift.ts'
import { toS3 } from './s3/to-s3.ts'
import { toElasticsearch, toOpenSearch, toServerless } from './search/to-search.ts'
import { toSplunk } from './splunk/to-splunk.ts'

type Kind = DestinationSettings['kind']
type SettingsOf<K extends Kind> = Extract<DestinationSettings, { readonly kind: K }>['settings']

/** Settings of one destination → where and how it is delivered. @throws InvalidArgumentException for what is not there */
type Maker<K extends Kind> = (context: FirehoseContext, stream: DeliveryStream, settings: SettingsOf<K>) => Delivered

const makers: { readonly [K in Kind]?: Maker<K> } = {
  ExtendedS3: toS3,
  Elasticsearch: toElasticsearch,
  Amazonopensearchservice: toOpenSearch,
  AmazonOpenSearchServerless: toServerless,
  HttpEndpoint: toHttpEndpoint,
  Splunk: toSplunk,
  Redshift: toRedshift,
}

/** @throws InvalidArgumentException for a destination that is not there */
export function destinationOf(context: FirehoseContext, stream: DeliveryStream): Delivered {
  const { kind, settings } = stream.destination
  const make = makers[kind] as Maker<Kind> | undefined
  if (!make) throw notDeliveredTo(`the destination ${kind}`)
  return make(context, stream, settings)
}
