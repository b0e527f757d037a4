import { invalidArgument } from '../../../../core/aws-error.ts'
import type { HttpEndpointSettings } from '../../settings/settings.ts'

/**
 * What every request of a delivery stream has, beside its id.
 * @throws InvalidArgumentException for an access key that cannot stand in a header
 */
export function requestHeaders(sourceArn: string, settings: HttpEndpointSettings): Record<string, string> {
  const { EndpointConfiguration, RequestConfiguration } = settings
  const { AccessKey } = EndpointConfiguration
  const attributes = RequestConfiguration?.CommonAttributes ?? []
  if (AccessKey && control.test(AccessKey))
    throw invalidArgument('AccessKey cannot be sent in a header: it contains control characters.')
  return {
    'content-type': 'application/json',
    'user-agent': 'Amazon Kinesis Data Firehose Agent/1.0',
    'x-amz-firehose-protocol-version': '1.0',
    'x-amz-firehose-source-arn': sourceArn,
    ...(RequestConfiguration?.ContentEncoding === 'GZIP' && { 'content-encoding': 'gzip' }),
    ...(AccessKey && { 'x-amz-firehose-access-key': Buffer.from(AccessKey).toString('latin1') }),
    ...(attributes.length > 0 && { 'x-amz-firehose-common-attributes': commonAttributes(attributes) }),
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a header cannot have
const control = /[\0-\x08\x0a-\x1f\x7f]/

type Attribute = { readonly AttributeName: string; readonly AttributeValue: string }

/** `{"commonAttributes":{"name":"value"}}`, with everything beyond ASCII as `\uXXXX`. */
function commonAttributes(attributes: readonly Attribute[]): string {
  const values = attributes.map(({ AttributeName, AttributeValue }) => [AttributeName, AttributeValue])
  const json = JSON.stringify({ commonAttributes: Object.fromEntries(values) })
  return json.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
