import { unescape as percentDecoded } from 'node:querystring'
import { invalidArgument } from '../../core/aws-error.ts'
import type { SecretBox } from '../../core/ports/keys.ts'
import { type DeliveryStream, logIdOf } from './delivery-stream.ts'
import type { DestinationSettings } from './settings/settings.ts'

/*
 * What a destination keeps secret lies sealed in the catalog, each text bound to its delivery stream and its member:
 *
 *   HTTP endpoint         EndpointConfiguration.AccessKey
 *   Splunk                HECToken
 *   Redshift              Password
 *   OpenSearch and like   what stands before the @ of ClusterEndpoint and CollectionEndpoint; sealed it stands there, too
 */

type Change = (name: string, text: string) => Promise<string>

/** As the catalog shall have it. What is sealed already stays as it is. @throws KeyRefused */
export const withSealedSecrets = (box: SecretBox | undefined, stream: DeliveryStream): Promise<DeliveryStream> =>
  withSecrets(stream, box && ((name, text) => (isSealed(text) ? Promise.resolve(text) : box.seal(name, text))))

/** As it is delivered by. @throws KeyRefused */
export const withOpenSecrets = (box: SecretBox | undefined, stream: DeliveryStream): Promise<DeliveryStream> =>
  withSecrets(stream, box && ((name, text) => box.open(name, text)))

/** Is something in it that should be sealed? */
export const hasOpenSecrets = (stream: DeliveryStream): Promise<boolean> => hasSecret(stream, (text) => !isSealed(text))

/** Of what a client gives. @throws InvalidArgumentException for what could not be told from a sealed secret later */
export async function checkSecrets(stream: DeliveryStream): Promise<void> {
  if (await hasSecret(stream, isSealed))
    throw invalidArgument('A key, token or password must not begin with sealed:1:.')
}

async function hasSecret(stream: DeliveryStream, isWanted: (text: string) => boolean): Promise<boolean> {
  let found = false
  await withSecrets(stream, async (_, text) => {
    found ||= isWanted(text)
    return text
  })
  return found
}

const isSealed = (text: string) => /^sealed:1:\d+:/.test(text)

async function withSecrets(stream: DeliveryStream, change: Change | undefined): Promise<DeliveryStream> {
  if (!change) return stream
  const named: Change = (member, text) => change(`${logIdOf(stream)}/${member}`, text)
  return { ...stream, destination: await changed(stream.destination, named) }
}

async function changed(destination: DestinationSettings, change: Change): Promise<DestinationSettings> {
  const { kind, settings } = destination
  switch (kind) {
    case 'HttpEndpoint': {
      const { AccessKey, ...endpoint } = settings.EndpointConfiguration
      if (!AccessKey) return destination
      const EndpointConfiguration = { ...endpoint, AccessKey: await change('AccessKey', AccessKey) }
      return { kind, settings: { ...settings, EndpointConfiguration } }
    }
    case 'Splunk': {
      if (!settings.HECToken) return destination
      return { kind, settings: { ...settings, HECToken: await change('HECToken', settings.HECToken) } }
    }
    case 'Redshift': {
      if (!settings.Password) return destination
      return { kind, settings: { ...settings, Password: await change('Password', settings.Password) } }
    }
    case 'Elasticsearch':
    case 'Amazonopensearchservice': {
      if (!settings.ClusterEndpoint) return destination
      return { kind, settings: { ...settings, ClusterEndpoint: await address(settings.ClusterEndpoint, change) } }
    }
    case 'AmazonOpenSearchServerless': {
      if (!settings.CollectionEndpoint) return destination
      return { kind, settings: { ...settings, CollectionEndpoint: await address(settings.CollectionEndpoint, change) } }
    }
    case 'ExtendedS3':
      return destination
  }
}

/** The user and password of an address, whose sealed form is written as an address may have it. */
async function address(url: string, change: Change): Promise<string> {
  const [, scheme, credentials, rest] = /^(https?:\/*)([^/?#]*)@(.*)$/s.exec(url) ?? []
  if (!credentials) return url
  const written = percentDecoded(credentials)
  const after = await change('credentials', isSealed(written) ? written : credentials)
  return `${scheme}${isSealed(after) ? encodeURIComponent(after) : after}@${rest}`
}
