import type { OutboundFailed } from '../../../../core/ports/outbound.ts'
import type { HecReply } from './hec-reply.ts'

/* What goes wrong with Splunk, by AWS's codes and sentences [docs: Splunk data delivery errors]. */

const sentences = {
  ProxyWithoutStickySessions:
    'If you have a proxy (ELB or other) between Firehose and the HEC node, you must enable sticky sessions to support HEC ACKs.',
  DisabledToken: 'The HEC token is disabled. Enable the token to allow data delivery to Splunk.',
  InvalidToken: 'The HEC token is invalid. Update Firehose with a valid HEC token.',
  InvalidDataFormat:
    'The data is not formatted correctly. To see how to properly format data for Raw or Event HEC endpoints, see Splunk Event Data.',
  InvalidIndex:
    'The HEC token or input is configured with an invalid index. Check your index configuration and try again.',
  ServerError: 'Data delivery to Splunk failed due to a server error from the HEC node.',
  DisabledAck: 'Indexer acknowledgement is disabled for the HEC token. Enable indexer acknowledgement and try again.',
  AckTimeout:
    "Did not receive an acknowledgement from HEC before the HEC acknowledgement timeout expired. Despite the acknowledgement timeout, it's possible the data was indexed successfully in Splunk. Firehose backs up in Amazon S3 data for which the acknowledgement timeout expired.",
  ConnectionTimeout:
    'The connection to Splunk timed out. This might be a transient error and the request will be retried. Firehose backs up the data to Amazon S3 if all retries fail.',
  InvalidEndpoint:
    'Could not connect to the HEC endpoint. Make sure that the HEC endpoint URL is valid and reachable from Firehose.',
  ConnectionClosed:
    'Unable to send data to Splunk due to a connection failure. This might be a transient error. Increasing the retry duration in your Firehose configuration might guard against such transient failures.',
  SSLUnverified:
    'Could not connect to the HEC endpoint. The host does not match the certificate provided by the peer. Make sure that the certificate and the host are valid.',
  SSLHandshake: 'Could not connect to the HEC endpoint. Make sure that the certificate and the host are valid.',
}

export type SplunkFault = keyof typeof sentences

export const sentenceOf = (fault: SplunkFault) => sentences[fault]

/** By HEC's own codes; what is not here is an error of the server. */
const byCode: Readonly<Record<number, SplunkFault>> = {
  1: 'DisabledToken',
  2: 'InvalidToken', // none was given
  3: 'InvalidToken', // no authorization
  4: 'InvalidToken',
  5: 'InvalidDataFormat', // no data
  6: 'InvalidDataFormat',
  7: 'InvalidIndex',
  10: 'ProxyWithoutStickySessions', // the channel did not arrive
  11: 'ProxyWithoutStickySessions', // the channel is not known there
  12: 'InvalidDataFormat', // without an event
  13: 'InvalidDataFormat', // with a blank event
  14: 'DisabledAck',
  15: 'InvalidDataFormat', // indexed fields
  16: 'InvalidToken',
  21: 'InvalidToken',
  22: 'DisabledToken',
}

/** Why a reply is no success; undefined if it is. */
export function faultOfReply({ code, status }: HecReply): SplunkFault | undefined {
  if (status === 200 && (code === 0 || code === undefined)) return undefined
  if (code !== undefined) return byCode[code] ?? 'ServerError'
  if (status === 401 || status === 403) return 'InvalidToken'
  if (status < 400 || status === 404 || status === 405) return 'InvalidEndpoint' // a redirect is not followed
  return 'ServerError'
}

export function faultOfNetwork({ failure, cause }: OutboundFailed): SplunkFault {
  switch (failure) {
    case 'forbidden address':
    case 'unknown host':
    case 'connection failed':
      return 'InvalidEndpoint'
    case 'connection reset':
      return 'ConnectionClosed'
    case 'timeout':
      return 'ConnectionTimeout'
    case 'handshake failed':
      return (cause as { code?: string } | undefined)?.code === 'ERR_TLS_CERT_ALTNAME_INVALID'
        ? 'SSLUnverified'
        : 'SSLHandshake'
    case 'invalid response':
    case 'response too large':
      return 'ServerError'
  }
}
