import { arn, type Place, parseArn } from '../core/arn.ts'
import { KeyRefused } from '../core/ports/keys.ts'

/* The ways to name a master key: id, ARN, alias, alias's ARN. Sentences are KMS's. */

export const keyArnOf = (place: Place, id: string) => arn(place, 'kms', `key/${id}`)

/** The id or `alias/…` that a reference means here. @throws KeyRefused for another account or region */
export function localName(place: Place, reference: string): string {
  if (!reference.startsWith('arn:')) return reference
  const parts = parseArn(reference)
  if (parts?.service !== 'kms' || parts.region !== place.region)
    throw new KeyRefused('not found', `Invalid arn ${parts?.region ?? reference}`)
  if (parts.accountId !== place.accountId) throw keyNotFound(reference)
  return parts.resource.startsWith('key/') ? parts.resource.slice('key/'.length) : parts.resource
}

/** Is it an alias that AWS's services, or Millrace, have for themselves? */
export const isServicesOwn = (reference: string) =>
  /^(arn:[^:]*:kms:[^:]*:\d{12}:)?alias\/(aws|millrace)\//.test(reference)

export const keyNotFound = (keyArn: string) => new KeyRefused('not found', `Key '${keyArn}' does not exist`)

export const aliasNotFound = (aliasArn: string) => new KeyRefused('not found', `Alias ${aliasArn} is not found.`)

export const keyDisabled = (keyArn: string) => new KeyRefused('disabled', `${keyArn} is disabled.`)

export const keyPendingDeletion = (keyArn: string) => new KeyRefused('invalid state', `${keyArn} is pending deletion.`)
